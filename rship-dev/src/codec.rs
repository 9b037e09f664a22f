//! How a frame becomes a document and back: the one place where an encoding is chosen.

use rship_core::wire::Encoding;
use serde_json::Value;
use tokio_tungstenite::tungstenite::{Message, protocol::WebSocketConfig};

use crate::cbor;

/// The largest message that a server takes.
pub(crate) const MAX_MESSAGE: usize = 64 << 20;

/// Why a message is no document.
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
        Message::Binary(bytes) => Some(cbor::decode(bytes).map_err(Unreadable::NoCbor)),
        Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_) => None,
    }
}

/// The message that carries a document.
pub(crate) fn encode(encoding: Encoding, document: &Value) -> Message {
    match encoding {
        Encoding::Json => Message::text(document.to_string()),
        Encoding::Cbor => Message::binary(cbor::encode(document)),
    }
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
    fn what_is_no_document_is_told_apart() {
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
}
