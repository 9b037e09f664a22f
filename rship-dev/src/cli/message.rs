//! Reading what servers of all generations send to a user interface.

use rship_core::wire::Generation;
use serde_json::Value;

/// A frame from a server, as far as this command line cares.
#[derive(Debug, PartialEq)]
pub(crate) enum Message {
    /// The set-id command, which also says which generation speaks.
    SetId {
        generation: Generation,
        tx: String,
    },
    /// The echo of a ping, by its id.
    Echo(String),
    Update {
        tx: String,
        update: Update,
    },
    Answer {
        tx: String,
        answer: Result<Value, String>,
    },
    Other,
}

/// A part of the answer to a query.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Update {
    /// It is everything, and replaces what was said before.
    pub(crate) whole: bool,
    pub(crate) upserts: Vec<Value>,
    pub(crate) deletes: Vec<String>,
}

/// Reads a frame; what is not understood is [`Message::Other`].
pub(crate) fn read(frame: &Value) -> Message {
    let data = &frame["data"];
    let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
    let tx = text(&frame["tx"]).or_else(|| text(&data["tx"]));
    match (frame["event"].as_str(), tx) {
        (Some("ws:m:command"), _) => set_id(data).unwrap_or(Message::Other),
        (Some("ws:m:ping"), _) => text(&data["id"]).map_or(Message::Other, Message::Echo),
        (Some("ws:m:query-response"), Some(tx)) => Message::Update {
            tx,
            update: update(data),
        },
        (Some("ws:m:command-response"), Some(tx)) => {
            // Only an answer that carries its tx inside `data` has the response beside it there.
            let inside = data.get("tx").and_then(|_| data.get("response"));
            Message::Answer {
                tx,
                answer: Ok(inside.unwrap_or(data).clone()),
            }
        }
        (Some("ws:m:command-error"), Some(tx)) => {
            let message = text(&data["message"])
                .or_else(|| text(&frame["message"]))
                .or_else(|| text(data));
            Message::Answer {
                tx,
                answer: Err(
                    message.unwrap_or_else(|| format!("an error without a message: {frame}"))
                ),
            }
        }
        _ => Message::Other,
    }
}

fn set_id(data: &Value) -> Option<Message> {
    let generation = match data["commandId"].as_str()? {
        "client:setId" => Generation::V2023,
        "SetClientId" => Generation::V2024,
        _ => return None,
    };
    Some(Message::SetId {
        generation,
        tx: data["command"]["tx"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
    })
}

fn update(data: &Value) -> Update {
    let items = |list: &Value| -> Vec<Value> {
        let members = list.as_array().into_iter().flatten();
        members
            .map(|member| member.get("item").unwrap_or(member).clone())
            .collect()
    };
    if data.is_array() {
        return Update {
            whole: true,
            upserts: items(data),
            deletes: Vec::new(),
        };
    }
    let deletes = items(&data["deletes"]);
    let id = |gone: &Value| {
        gone.as_str()
            .or_else(|| gone["id"].as_str())
            .map(ToOwned::to_owned)
    };
    Update {
        whole: data["sequence"] == 0,
        upserts: items(&data["upserts"]),
        deletes: deletes.iter().filter_map(id).collect(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn query_responses_of_all_generations_are_read() {
        let item = json!({"itemType": "Target", "item": {"id": "t"}});
        let upserts = vec![json!({"id": "t"})];
        let whole = json!({"event": "ws:m:query-response", "tx": "q", "data": [item]});
        assert_eq!(
            read(&whole),
            Message::Update {
                tx: "q".into(),
                update: Update {
                    whole: true,
                    upserts: upserts.clone(),
                    deletes: vec![]
                }
            }
        );
        let part = json!({"event": "ws:m:query-response", "tx": "q", "data": {"upserts": [item], "deletes": ["a"]}});
        let expected = Update {
            whole: false,
            upserts: upserts.clone(),
            deletes: vec!["a".into()],
        };
        assert_eq!(
            read(&part),
            Message::Update {
                tx: "q".into(),
                update: expected
            }
        );
        let first = json!({"event": "ws:m:query-response", "data":
            {"tx": "q", "sequence": 0, "upserts": [item], "deletes": [{"itemType": "Target", "item": {"id": "b"}}, {"id": "c"}]}});
        let expected = Update {
            whole: true,
            upserts,
            deletes: vec!["b".into(), "c".into()],
        };
        assert_eq!(
            read(&first),
            Message::Update {
                tx: "q".into(),
                update: expected
            }
        );
    }

    #[test]
    fn answers_of_all_generations_are_read() {
        let answer = |answer| Message::Answer {
            tx: "t".into(),
            answer,
        };
        assert_eq!(
            read(&json!({"event": "ws:m:command-response", "tx": "t", "data": {"response": 1}})),
            answer(Ok(json!({"response": 1})))
        );
        assert_eq!(
            read(&json!({"event": "ws:m:command-response", "data": {"tx": "t", "response": null}})),
            answer(Ok(Value::Null))
        );
        assert_eq!(
            read(&json!({"event": "ws:m:command-error", "tx": "t", "message": "m"})),
            answer(Err("m".into()))
        );
        assert_eq!(
            read(&json!({"event": "ws:m:command-error", "data": {"tx": "t", "message": "m"}})),
            answer(Err("m".into()))
        );
    }

    #[test]
    fn what_is_not_for_a_command_line_is_other() {
        assert_eq!(
            read(&json!({"event": "ws:m:ping", "data": {"ts": 1}})),
            Message::Other
        );
        assert_eq!(
            read(&json!({"event": "ws:m:command", "data": {"commandId": "ExecTargetAction"}})),
            Message::Other
        );
        assert_eq!(read(&json!([])), Message::Other);
    }
}
