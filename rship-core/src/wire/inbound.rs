//! Frames from the server.

use serde_json::Value;

use super::binary::{self, CborError};
use super::command::{Command, Resend};
use super::query::QueryResponse;
use super::{direct, salvage};
use crate::json;

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

/// Why a text or bytes are not a frame.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// Not JSON.
    #[error("not a frame of the Myko protocol: {0}")]
    Json(serde_json::Error),
    /// Not CBOR, or CBOR that has no place in a frame.
    #[error("not a frame of the Myko protocol: {0}")]
    Cbor(#[from] CborError),
    /// A document that is not a frame.
    #[error("not a frame of the Myko protocol: {0}")]
    Shape(&'static str),
    /// A request to publish a last value once more that does not say which.
    #[error("not a frame of the Myko protocol: {0}")]
    Resend(String),
}

/// Reads one text frame. A command that cannot be read is still a command, as long as it says how it is
/// answered.
///
/// # Errors
/// When the text is not a JSON object with a string `event`, or is a command without name and
/// transaction.
pub fn read(text: &str) -> Result<Inbound, FrameError> {
    match direct::read(text) {
        Some(command) => Ok(Inbound::Command(command)),
        None => read_any(text),
    }
}

/// Reads a text frame of any kind, by the tree of all that it holds.
pub(super) fn read_any(text: &str) -> Result<Inbound, FrameError> {
    match json::read_text(text) {
        Ok(frame) => interpret(frame),
        Err(error) => salvage::text(text, error.to_string())
            .map(Inbound::Command)
            .ok_or(FrameError::Json(error)),
    }
}

/// Reads one binary frame, as [`read`] does.
///
/// # Errors
/// When the bytes are not the CBOR of what [`read`] takes.
pub fn read_binary(bytes: &[u8]) -> Result<Inbound, FrameError> {
    match binary::decode(bytes) {
        Ok(frame) => interpret(frame),
        Err(error) => salvage::bytes(bytes, error.to_string())
            .map(Inbound::Command)
            .ok_or(FrameError::Cbor(error)),
    }
}

fn interpret(mut frame: Value) -> Result<Inbound, FrameError> {
    let mut take = |name: &str| frame.get_mut(name).map(Value::take).unwrap_or_default();
    let Value::String(event) = take("event") else {
        return Err(FrameError::Shape("`event` must be a string"));
    };
    let (tx, message, mut data) = (take("tx"), take("message"), take("data"));
    Ok(match event.as_str() {
        "ws:m:command" => {
            let command = Command::read(data);
            Inbound::Command(command.ok_or(FrameError::Shape(
                "a command must have a string `commandId` or `tx`",
            ))?)
        }
        "ws:m:ping" => match data.get("id") {
            Some(Value::String(id)) => Inbound::Echo(id.clone()),
            // Anything else is the failed echo of somebody, not a server of 2024.
            _ if data.get("ts").is_some() => Inbound::Ping(data),
            _ => Inbound::Ignored,
        },
        "ws:m:query-response" => {
            let found = QueryResponse::read(&tx, data);
            found.map_or(Inbound::Ignored, Inbound::Found)
        }
        "ws:m:command-response" => {
            let response = match data.get_mut("response").map(Value::take) {
                Some(response) => response,
                // 2023: all of `data` is the response.
                None if data.get("tx").is_none() => data.clone(),
                None => Value::Null,
            };
            answer(&tx, &data, Ok(response))
        }
        "ws:m:command-error" => {
            let message = match data.get_mut("message").map(Value::take).unwrap_or(message) {
                Value::String(message) => message,
                Value::Null => String::new(),
                message => json::text(&message),
            };
            answer(&tx, &data, Err(message))
        }
        "ws:m:event"
            if data.get("itemType").and_then(Value::as_str) == Some("ResendEmitterValue") =>
        {
            let item = data.get_mut("item").map(Value::take);
            let resend = Resend::read(item.unwrap_or_default());
            Inbound::Resend(resend.map_err(FrameError::Resend)?)
        }
        _ => Inbound::Ignored,
    })
}

fn answer(tx: &Value, data: &Value, result: Result<Value, String>) -> Inbound {
    match data.get("tx").unwrap_or(tx) {
        Value::String(tx) => Inbound::Answer(Answer {
            tx: tx.clone(),
            result,
        }),
        _ => Inbound::Ignored,
    }
}
