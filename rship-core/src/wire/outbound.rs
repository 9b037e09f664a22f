//! Frames that are not events: answers, pings, commands to the server.

use std::fmt::{self, Write as _};

use serde_json::{Map, Value};

use super::text::escaped;
use crate::entity::Instance;
use crate::json;

/// The response to a command, which is JSON text. `tx` stands twice, because 2023 servers look for it beside `data` and
/// later ones inside.
#[must_use]
pub fn response(tx: &str, response: &str) -> String {
    let tx = escaped(tx);
    answer(
        2 * tx.len() + response.len(),
        format_args!(
            r#"{{"data":{{"response":{response},"tx":"{tx}"}},"event":"ws:m:command-response","tx":"{tx}"}}"#
        ),
    )
}

/// The answer to a command that was not carried out, or not wholly.
#[must_use]
pub fn error(tx: &str, command_id: &str, message: &str) -> String {
    let (tx, command_id, message) = (escaped(tx), escaped(command_id), escaped(message));
    answer(
        2 * (tx.len() + message.len()) + command_id.len(),
        format_args!(
            r#"{{"data":{{"commandId":"{command_id}","message":"{message}","tx":"{tx}"}},"event":"ws:m:command-error","message":"{message}","tx":"{tx}"}}"#
        ),
    )
}

fn answer(strings: usize, answer: fmt::Arguments<'_>) -> String {
    /// Room for what stands around the strings, and for a short response.
    const AROUND: usize = 128;
    let mut out = String::with_capacity(AROUND + strings);
    // Writing to a string does not fail.
    let _ = out.write_fmt(answer);
    out
}

/// A ping, which a 2026 server echoes at once. `timestamp` is in milliseconds since 1970.
#[must_use]
pub fn ping(id: &str, timestamp: u64) -> String {
    let id = escaped(id);
    format!(r#"{{"data":{{"id":"{id}","timestamp":{timestamp}}},"event":"ws:m:ping"}}"#)
}

/// The echo of a server's own ping.
#[must_use]
pub fn echo(ping: &Value) -> String {
    let ping = json::text(ping);
    format!(r#"{{"data":{ping},"event":"ws:m:ping"}}"#)
}

/// A command to the server, with its transaction and time beside the fields of `content`.
#[must_use]
pub fn command(
    command_id: &str,
    tx: &str,
    created_at: &str,
    content: Map<String, Value>,
) -> String {
    let mut command = content;
    json::set(&mut command, "tx", tx.into());
    json::set(&mut command, "createdAt", created_at.into());
    let (id, command) = (escaped(command_id), json::text(&Value::Object(command)));
    format!(r#"{{"data":{{"command":{command},"commandId":"{id}"}},"event":"ws:m:command"}}"#)
}

/// The command by which a 2026 server stores an instance together with its machine.
#[must_use]
pub fn register_instance(tx: &str, created_at: &str, instance: &Instance) -> String {
    // An instance is made of strings, which are always written.
    let instance = json::of(instance).unwrap_or_default();
    let mut content = Map::new();
    json::set(&mut content, "instance", instance);
    command("RegisterInstance", tx, created_at, content)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn answers_are_written_as_their_tree_would_be() {
        for text in ["", "t-1", "ü \"quoted\" \\ \u{1}\n", "{}"] {
            for value in [json!(null), json!({ text: [1, 2.5, text, { "b": true }] })] {
                let tree = json!({
                    "event": "ws:m:command-response",
                    "tx": text,
                    "data": { "tx": text, "response": value },
                });
                assert_eq!(response(text, &json::text(&value)), tree.to_string());
            }
            let tree = json!({
                "event": "ws:m:command-error",
                "tx": text,
                "message": text,
                "data": { "tx": text, "commandId": text, "message": text },
            });
            assert_eq!(error(text, text, text), tree.to_string());
        }
    }
}
