//! How a frame becomes a document and back: the one place where an encoding is chosen.

use serde_json::Value;
use tokio_tungstenite::tungstenite::{Message, protocol::WebSocketConfig};

/// The largest message that a server takes.
pub(crate) const MAX_MESSAGE: usize = 64 << 20;

/// Why a message is no document.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    NoJson(String),
    Binary,
}

/// The document in a message; `None` for the messages of the WebSocket itself (ping, pong, close).
pub(crate) fn decode(message: &Message) -> Option<Result<Value, Unreadable>> {
    match message {
        Message::Text(text) => {
            Some(serde_json::from_str(text).map_err(|error| Unreadable::NoJson(error.to_string())))
        }
        Message::Binary(_) => Some(Err(Unreadable::Binary)),
        Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_) => None,
    }
}

/// The message that carries a document.
pub(crate) fn encode(document: &Value) -> Message {
    Message::text(document.to_string())
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
        assert_eq!(decode(&encode(&document)), Some(Ok(document)));
    }

    #[test]
    fn what_is_no_document_is_told_apart() {
        assert!(matches!(
            decode(&Message::text("Error parsing message")),
            Some(Err(Unreadable::NoJson(_)))
        ));
        assert_eq!(
            decode(&Message::binary(vec![1])),
            Some(Err(Unreadable::Binary))
        );
        assert_eq!(decode(&Message::Ping(Vec::new().into())), None);
    }
}
