//! How a frame becomes a document and back: the one place where an encoding is chosen.

use std::io;

use ciborium::Value as Cbor;
use ciborium::de::Error as CborError;
use rship_core::wire::Encoding;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Number, Value};
use tokio_tungstenite::tungstenite::{Message, protocol::WebSocketConfig};

use crate::weight::Weight;

/// The largest message that a server takes, and that a client gets.
pub(crate) const MAX_MESSAGE: usize = 64 << 20;

/// A message up to this size is read without weighing what comes of it first.
pub(crate) const LIGHT: usize = 1 << 20;

/// As deep as text is read.
const DEPTH: usize = 127;

/// Why a message is not a document.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    NoJson(String),
    NoCbor(String),
    /// What came of it would weigh so much in memory.
    TooHeavy(usize),
}

/// The document in a message, if it does not weigh more than that in memory; `None` for the messages of the WebSocket
/// itself (ping, pong, close).
pub(crate) fn decode(message: &Message, heaviest: usize) -> Option<Result<Value, Unreadable>> {
    match message {
        Message::Text(text) => Some(from_json(text, heaviest)),
        Message::Binary(bytes) => Some(from_cbor_within(bytes, heaviest)),
        Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_) => None,
    }
}

fn from_json(text: &str, heaviest: usize) -> Result<Value, Unreadable> {
    let unreadable = |error: serde_json::Error| Unreadable::NoJson(error.to_string());
    if text.len() > LIGHT {
        check_weight(serde_json::from_str(text).map_err(unreadable)?, heaviest)?;
    }
    serde_json::from_str(text).map_err(unreadable)
}

fn from_cbor_within(bytes: &[u8], heaviest: usize) -> Result<Value, Unreadable> {
    if bytes.len() > LIGHT {
        let weight = read_cbor(&mut &*bytes).map_err(Unreadable::NoCbor)?;
        check_weight(weight, heaviest)?;
    }
    from_cbor(bytes).map_err(Unreadable::NoCbor)
}

fn check_weight(Weight(weight): Weight, heaviest: usize) -> Result<(), Unreadable> {
    if weight > heaviest {
        return Err(Unreadable::TooHeavy(weight));
    }
    Ok(())
}

/// The message that carries a document; `None` when it would be larger than [`MAX_MESSAGE`].
pub(crate) fn encode(encoding: Encoding, document: &impl Serialize) -> Option<Message> {
    let mut bytes = Bounded(Vec::new());
    match encoding {
        Encoding::Json => serde_json::to_writer(&mut bytes, document).ok()?,
        Encoding::Cbor => ciborium::into_writer(document, &mut bytes).ok()?,
    }
    // What waits is counted by its length.
    bytes.0.shrink_to_fit();
    Some(match encoding {
        Encoding::Json => Message::text(String::from_utf8(bytes.0).ok()?),
        Encoding::Cbor => Message::binary(bytes.0),
    })
}

/// Bytes up to the size of a message.
struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, more: &[u8]) -> io::Result<usize> {
        if self.0.len() + more.len() > MAX_MESSAGE {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(more);
        Ok(more.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The document in bytes, or what is wrong with them.
pub(crate) fn from_cbor(bytes: &[u8]) -> Result<Value, String> {
    let mut rest = bytes;
    let document = read_cbor(&mut rest)?;
    match rest.len() {
        0 => document_of(document),
        more => Err(format!("{more} bytes follow after the document")),
    }
}

fn read_cbor<T: DeserializeOwned>(rest: &mut &[u8]) -> Result<T, String> {
    let read = ciborium::de::from_reader_with_recursion_limit(rest, DEPTH);
    read.map_err(|error| match error {
        CborError::Io(_) => "it ends too early".to_owned(),
        CborError::Syntax(place) => format!("byte {place} has no meaning there"),
        CborError::Semantic(_, what) => what,
        CborError::RecursionLimitExceeded => format!("it nests deeper than {DEPTH} levels"),
    })
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

    fn decode(message: &Message) -> Option<Result<Value, Unreadable>> {
        super::decode(message, usize::MAX)
    }

    fn to_cbor(document: &Value) -> Vec<u8> {
        let message = encode(Encoding::Cbor, document).unwrap();
        message.into_data().to_vec()
    }

    #[test]
    fn what_weighs_too_much_is_not_made() {
        let members = LIGHT + 1;
        let text = format!("[{}0]", "0,".repeat(members - 1));
        let bytes = [&[0x9f][..], &vec![0; members], &[0xff]].concat();
        for message in [Message::text(text), Message::binary(bytes)] {
            let decode = |heaviest| super::decode(&message, heaviest).unwrap();
            let weight = 32 * (members + 1);
            assert_eq!(decode(weight - 1), Err(Unreadable::TooHeavy(weight)));
            assert!(decode(weight).is_ok());
        }
    }

    #[test]
    fn a_document_that_no_message_can_carry_is_not_written() {
        let large = "x".repeat(MAX_MESSAGE);
        assert!(encode(Encoding::Cbor, &&large[..MAX_MESSAGE - 10]).is_some());
        for encoding in Encoding::ALL {
            assert!(encode(encoding, &large).is_none());
        }
    }

    #[test]
    fn documents_come_back_as_they_went() {
        let document = json!({"event": "ws:m:ping", "data": {"id": "a", "timestamp": 1}});
        for encoding in Encoding::ALL {
            assert_eq!(
                decode(&encode(encoding, &document).unwrap()),
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
