//! Frames from the server.

use serde::Deserialize;
use serde_json::Value;

use super::binary::{self, CborError};
use super::command::{Command, Resend};
use super::direct;
use super::query::QueryResponse;

/// What a frame from the server says.
#[derive(Debug, Clone, PartialEq)]
pub enum Inbound {
    /// A command, to be answered.
    Command(Command),
    /// The echo of a ping of ours, with its id.
    Echo(String),
    /// A ping of the server's own (2024), with the value to echo.
    Ping(Value),
    /// The answer to a command of ours.
    Answer(Answer),
    /// A part of the answer to a query of ours.
    Found(QueryResponse),
    /// A request to publish a last value once more, which came as an event.
    Resend(Resend),
    /// A frame that executors have no use for.
    Ignored,
}

/// The answer to a command of ours.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The transaction of the command.
    pub tx: String,
    /// The response, or the server's reason.
    pub result: Result<Value, String>,
}

/// A text or bytes that are no frame.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// No JSON, or not the JSON of a frame.
    #[error("no frame of the Myko protocol: {0}")]
    Json(#[from] serde_json::Error),
    /// No CBOR, or CBOR that has no place in a frame.
    #[error("no frame of the Myko protocol: {0}")]
    Cbor(#[from] CborError),
}

#[derive(Deserialize)]
struct RawFrame {
    event: String,
    #[serde(default)]
    tx: Option<Value>,
    #[serde(default)]
    message: Option<Value>,
    #[serde(default)]
    data: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawCommand {
    command_id: String,
    #[serde(default)]
    command: Value,
}

/// Reads one text frame.
///
/// # Errors
/// When the text is no JSON object with a text `event`, or a command without a name.
pub fn read(text: &str) -> Result<Inbound, FrameError> {
    match direct::read(text) {
        Some(command) => Ok(Inbound::Command(command)),
        None => read_any(text),
    }
}

/// Reads a text frame of any kind, by the tree of all that it holds.
pub(super) fn read_any(text: &str) -> Result<Inbound, FrameError> {
    interpret(serde_json::from_str(text)?)
}

/// Reads one binary frame.
///
/// # Errors
/// When the bytes are not the CBOR of what [`read`] takes.
pub fn read_binary(bytes: &[u8]) -> Result<Inbound, FrameError> {
    interpret(serde_json::from_value(binary::decode(bytes)?)?)
}

fn interpret(mut frame: RawFrame) -> Result<Inbound, FrameError> {
    Ok(match frame.event.as_str() {
        "ws:m:command" => {
            let raw: RawCommand = serde_json::from_value(frame.data)?;
            Inbound::Command(Command::read(raw.command_id, raw.command))
        }
        "ws:m:ping" => match frame.data.get("id").and_then(Value::as_str) {
            Some(id) => Inbound::Echo(id.to_owned()),
            None => Inbound::Ping(frame.data),
        },
        "ws:m:query-response" => {
            let found = QueryResponse::read(frame.tx.as_ref(), frame.data);
            found.map_or(Inbound::Ignored, Inbound::Found)
        }
        "ws:m:command-response" => {
            let response = frame.data.get_mut("response").map(Value::take);
            frame.answer(Ok(response.unwrap_or_default()))
        }
        "ws:m:command-error" => {
            let message = frame.data.get("message").or(frame.message.as_ref());
            let message = message.map_or_else(String::new, |message| {
                message
                    .as_str()
                    .map_or_else(|| message.to_string(), ToOwned::to_owned)
            });
            frame.answer(Err(message))
        }
        "ws:m:event"
            if frame.data.get("itemType").and_then(Value::as_str) == Some("ResendEmitterValue") =>
        {
            let item = frame.data.get_mut("item").map(Value::take);
            Inbound::Resend(serde_json::from_value(item.unwrap_or_default())?)
        }
        _ => Inbound::Ignored,
    })
}

impl RawFrame {
    fn answer(&self, result: Result<Value, String>) -> Inbound {
        let tx = self.data.get("tx").or(self.tx.as_ref());
        match tx.and_then(Value::as_str) {
            Some(tx) => Inbound::Answer(Answer {
                tx: tx.to_owned(),
                result,
            }),
            None => Inbound::Ignored,
        }
    }
}
