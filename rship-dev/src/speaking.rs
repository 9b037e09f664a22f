//! The frames that a server of each generation sends.

use std::time::SystemTime;

use rship_core::wire::Generation;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::item::Item;

/// The time as servers write it.
pub(crate) fn now() -> String {
    humantime::format_rfc3339_millis(SystemTime::now()).to_string()
}

/// A transaction that nobody has used.
pub(crate) fn new_tx() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// The command that tells a client its id; 2026 sends none.
pub(crate) fn set_id(generation: Generation, client_id: &str, tx: &str) -> Option<Value> {
    let command_id = match generation {
        Generation::V2023 => "client:setId",
        Generation::V2024 => "SetClientId",
        Generation::V2026 => return None,
    };
    let body = json!({"clientId": client_id, "tx": tx, "createdAt": now()});
    Some(command(command_id, body))
}

/// A command in its envelope.
pub(crate) fn command(command_id: &str, body: Value) -> Value {
    json!({"event": "ws:m:command", "data": {"commandId": command_id, "command": body}})
}

/// An event in its envelope.
pub(crate) fn event(item_type: &str, item: Value) -> Value {
    json!({
        "event": "ws:m:event",
        "data": {"itemType": item_type, "changeType": "SET", "createdAt": now(), "tx": new_tx(), "item": item},
    })
}

/// The command that runs an action, as this generation calls it.
pub(crate) fn action_command(
    generation: Generation,
    instance_id: Option<&str>,
    action: &Value,
    data: Value,
) -> (&'static str, Map<String, Value>) {
    let mut body = Map::new();
    // 2026 commands carry no time.
    if generation != Generation::V2026 {
        body.insert("createdAt".to_owned(), now().into());
    }
    let command_id = match generation {
        Generation::V2023 => {
            body.insert("action".to_owned(), action.clone());
            "target:action:exec"
        }
        Generation::V2024 | Generation::V2026 => {
            if let Some(instance_id) = instance_id {
                body.insert("instanceId".to_owned(), instance_id.into());
            }
            body.insert(
                "action".to_owned(),
                json!({"id": action["id"], "targetId": action["targetId"]}),
            );
            "ExecTargetAction"
        }
    };
    body.insert("data".to_owned(), data);
    (command_id, body)
}

/// The answer to a command that went well.
pub(crate) fn response(generation: Generation, tx: &str, response: Value) -> Value {
    match generation {
        Generation::V2023 => json!({"event": "ws:m:command-response", "tx": tx, "data": response}),
        Generation::V2024 | Generation::V2026 => {
            json!({"event": "ws:m:command-response", "data": {"tx": tx, "response": response}})
        }
    }
}

/// The answer to a command that went wrong.
pub(crate) fn error(generation: Generation, tx: &str, command_id: &str, message: &str) -> Value {
    let data = json!({"tx": tx, "commandId": command_id, "message": message});
    match generation {
        Generation::V2023 => {
            json!({"event": "ws:m:command-error", "tx": tx, "message": message, "data": data})
        }
        Generation::V2024 | Generation::V2026 => {
            json!({"event": "ws:m:command-error", "data": data})
        }
    }
}

/// The echo of a client's ping.
pub(crate) fn echo(data: Value) -> Value {
    json!({"event": "ws:m:ping", "data": data})
}

/// Milliseconds since 1970, as pings carry them.
pub(crate) fn millis() -> u64 {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// The ping that 2024 sends by itself.
pub(crate) fn own_ping(ts: u64) -> Value {
    json!({"event": "ws:m:ping", "data": {"ts": ts}})
}

/// What a watcher is told.
pub(crate) struct Update<'a> {
    pub(crate) sequence: u64,
    pub(crate) item_type: &'a str,
    pub(crate) upserts: Vec<&'a Item>,
    pub(crate) deletes: Vec<&'a str>,
    pub(crate) total: usize,
}

/// The answer to a query, written from the store without a copy of its entities.
#[derive(Serialize)]
pub(crate) struct QueryResponse<'a> {
    data: Data<'a>,
    event: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tx: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Data<'a> {
    V2023(Vec<Upsert<'a>>),
    V2024 {
        deletes: Vec<&'a str>,
        upserts: Vec<Upsert<'a>>,
    },
    #[serde(rename_all = "camelCase")]
    V2026 {
        deletes: Vec<&'a str>,
        sequence: u64,
        total_count: usize,
        tx: &'a str,
        upserts: Vec<Upsert<'a>>,
    },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Upsert<'a> {
    item: &'a Item,
    item_type: &'a str,
}

/// The answer to a query; for 2023 `upserts` has to be everything.
pub(crate) fn query_response<'a>(
    generation: Generation,
    tx: &'a str,
    update: Update<'a>,
) -> QueryResponse<'a> {
    let Update {
        sequence,
        item_type,
        upserts,
        deletes,
        total,
    } = update;
    let upserts = upserts.into_iter();
    let upserts = upserts.map(|item| Upsert { item, item_type }).collect();
    let (tx_beside, data) = match generation {
        Generation::V2023 => (Some(tx), Data::V2023(upserts)),
        Generation::V2024 => (Some(tx), Data::V2024 { deletes, upserts }),
        Generation::V2026 => (
            None,
            Data::V2026 {
                deletes,
                sequence,
                total_count: total,
                tx,
                upserts,
            },
        ),
    };
    QueryResponse {
        data,
        event: "ws:m:query-response",
        tx: tx_beside,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_generation_runs_an_action_in_its_own_words() {
        let action = json!({"id": "s:burn", "targetId": "s", "name": "Burn"});
        let (id, body) = action_command(Generation::V2023, Some("i"), &action, Value::Null);
        assert_eq!(
            (id, &body["action"], body.get("instanceId")),
            ("target:action:exec", &action, None)
        );
        assert!(body.contains_key("createdAt"));
        let (id, body) = action_command(Generation::V2026, Some("i"), &action, json!({}));
        assert_eq!(id, "ExecTargetAction");
        assert_eq!(
            Value::Object(body),
            json!({"instanceId": "i", "action": {"id": "s:burn", "targetId": "s"}, "data": {}})
        );
        let (_, body) = action_command(Generation::V2024, None, &action, Value::Null);
        assert!(body.contains_key("createdAt") && !body.contains_key("instanceId"));
    }

    #[test]
    fn only_2026_is_silent_at_open() {
        assert_eq!(set_id(Generation::V2026, "c", "t"), None);
        assert_eq!(
            set_id(Generation::V2023, "c", "t").unwrap()["data"]["commandId"],
            "client:setId"
        );
        assert_eq!(
            set_id(Generation::V2024, "c", "t").unwrap()["data"]["commandId"],
            "SetClientId"
        );
    }

    #[test]
    fn tx_sits_beside_data_until_2024_and_inside_after() {
        assert_eq!(
            response(Generation::V2023, "t", json!(1)),
            json!({"event": "ws:m:command-response", "tx": "t", "data": 1})
        );
        assert_eq!(
            response(Generation::V2024, "t", json!(1))["data"],
            json!({"tx": "t", "response": 1})
        );
        assert_eq!(
            error(Generation::V2026, "t", "c", "m")["data"],
            json!({"tx": "t", "commandId": "c", "message": "m"})
        );
    }
}
