//! How a frame becomes a document and back: the one place where an encoding is chosen.

use ciborium::Value as Cbor;
use ciborium::de::Error as CborError;
use rship_core::wire::Encoding;
use serde_json::{Map, Number, Value};
use tokio_tungstenite::tungstenite::{Message, protocol::WebSocketConfig};

/// The largest message that a server takes.
pub(crate) const MAX_MESSAGE: usize = 64 << 20;

/// As deep as text is read.
const DEPTH: usize = 127;

/// Why a message is not a document.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    NoJson(String),
    NoCbor(String),
}

/// The document in a message; `None` for the messages of the WebSocket itself (ping, pong, close).
pub(crate) fn decode(message: &Message) -> Option<Result<Value, Unreadable>> {
    match message {
        Message::Text(text) => {
            Some(serde_json::from_str(text).map_err(|error| Unreadable::NoJson(error.to_string())))
        }
        Message::Binary(bytes) => Some(from_cbor(bytes).map_err(Unreadable::NoCbor)),
        Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_) => None,
    }
}

/// The message that carries a document.
pub(crate) fn encode(encoding: Encoding, document: &Value) -> Message {
    match encoding {
        Encoding::Json => Message::text(document.to_string()),
        Encoding::Cbor => Message::binary(to_cbor(document)),
    }
}

/// A document as CBOR, lengths definite.
pub(crate) fn to_cbor(document: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Memory takes everything, and a document holds nothing that CBOR does not.
    let _ = ciborium::into_writer(document, &mut bytes);
    bytes
}

/// The document in bytes, or what is wrong with them.
pub(crate) fn from_cbor(bytes: &[u8]) -> Result<Value, String> {
    let mut rest = bytes;
    let read = ciborium::de::from_reader_with_recursion_limit(&mut rest, DEPTH);
    let document = read.map_err(|error| match error {
        CborError::Io(_) => "it ends too early".to_owned(),
        CborError::Syntax(place) => format!("byte {place} has no meaning there"),
        CborError::Semantic(_, what) => what,
        CborError::RecursionLimitExceeded => format!("it nests deeper than {DEPTH} levels"),
    })?;
    match rest.len() {
        0 => document_of(document),
        more => Err(format!("{more} bytes follow after the document")),
    }
}

/// What CBOR says beyond JSON has no place in a frame; a number that JSON text would round is rounded.
fn document_of(cbor: Cbor) -> Result<Value, String> {
    Ok(match cbor {
        Cbor::Null => Value::Null,
        Cbor::Bool(flag) => flag.into(),
        Cbor::Text(text) => text.into(),
        Cbor::Integer(whole) => match (u64::try_from(whole), i64::try_from(whole)) {
            (Ok(whole), _) => whole.into(),
            (_, Ok(whole)) => whole.into(),
            _ => (i128::from(whole) as f64).into(),
        },
        Cbor::Float(float) => Number::from_f64(float)
            .map(Value::Number)
            .ok_or_else(|| format!("the number {float}, which is not finite"))?,
        Cbor::Array(members) => Value::Array(
            members
                .into_iter()
                .map(document_of)
                .collect::<Result<_, _>>()?,
        ),
        Cbor::Map(fields) => {
            let field = |(name, field)| match name {
                Cbor::Text(name) => Ok((name, document_of(field)?)),
                _ => Err("a key that is not a string".to_owned()),
            };
            Value::Object(
                fields
                    .into_iter()
                    .map(field)
                    .collect::<Result<Map<_, _>, _>>()?,
            )
        }
        Cbor::Bytes(_) => return Err("a byte string, which no frame has".to_owned()),
        Cbor::Tag(tag, _) => return Err(format!("the tag {tag}, and servers take none")),
        _ => return Err("something that no frame has".to_owned()),
    })
}

/// The WebSocket's limits, for both sides.
pub(crate) fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn documents_come_back_as_they_went() {
        let document = json!({"event": "ws:m:ping", "data": {"id": "a", "timestamp": 1}});
        for encoding in Encoding::ALL {
            assert_eq!(
                decode(&encode(encoding, &document)),
                Some(Ok(document.clone()))
            );
        }
    }

    #[test]
    fn what_is_not_a_document_is_told_apart() {
        assert!(matches!(
            decode(&Message::text("Error parsing message")),
            Some(Err(Unreadable::NoJson(_)))
        ));
        assert_eq!(
            decode(&Message::binary(vec![0x81])),
            Some(Err(Unreadable::NoCbor("it ends too early".to_owned())))
        );
        assert_eq!(decode(&Message::Ping(Vec::new().into())), None);
    }

    #[test]
    fn every_number_comes_back_as_it_went() {
        for document in [
            json!([0, 23, 24, 255, 256, 65_536, u64::MAX, -1, -25, i64::MIN]),
            json!([3.0, -0.0, 0.1, 1e300, 5e-324, 65504.0]),
            json!({"a": {"b": [{"c": []}]}, "d": {}, "e": null}),
            json!(["x".repeat(70_000), vec![0; 300], "ü", ""]),
        ] {
            assert_eq!(from_cbor(&to_cbor(&document)), Ok(document));
        }
        assert_eq!(from_cbor(&[0xf9, 0x3e, 0x00]), Ok(json!(1.5)));
        assert_eq!(
            from_cbor(&[0x3b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
            Ok(json!(-18_446_744_073_709_551_616.0))
        );
    }

    #[test]
    fn indefinite_lengths_are_read() {
        let bytes = [
            0xbf, 0x61, b'a', 0x9f, 1, 2, 0xff, 0x61, b'b', 0x7f, 0x61, b'x', 0x61, b'y', 0xff,
            0xff,
        ];
        assert_eq!(from_cbor(&bytes), Ok(json!({"a": [1, 2], "b": "xy"})));
    }

    #[test]
    fn cbor_that_servers_do_not_take_is_named() {
        for (bytes, word) in [
            (&[][..], "ends too early"),
            (
                &[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
                "ends too early",
            ),
            (
                &[0x7b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
                "ends too early",
            ),
            (&[0x9f, 1], "ends too early"),
            (&[0x41, 1], "byte string"),
            (&[0xc1, 1], "tag 1"),
            (&[0xf9, 0x7e, 0x00], "not finite"),
            (&[0xfa, 0x7f, 0x80, 0, 0], "not finite"),
            (&[0xa1, 1, 2], "key"),
            (&[0x62, 0xc3, 0x28], "byte 0"),
            (&[0, 0], "1 bytes follow"),
            (&[0xff], "break"),
            (&[0x81, 0xff], "break"),
            (&[0x1c], "byte 0"),
            (&[0xf0], "simple"),
            (&[0x9f; 200], "nests deeper"),
        ] {
            let error = from_cbor(bytes).unwrap_err();
            assert!(error.contains(word), "{bytes:x?}: {error}");
        }
    }
}
