//! What a frame of an executor says, in a form in which two runs can be compared.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::secrets::Secrets;

/// Fields of entities that differ from run to run, or from machine to machine.
const VOLATILE: [&str; 6] = [
    "hash",
    "clientId",
    "lastUpdated",
    "machineId",
    "createdAt",
    "tx",
];

/// What something is said about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    /// Type and id of an entity.
    Entity(String, String),
    /// The id of a pulse.
    Pulse(String),
    /// The transaction of a command of the server's.
    Answer(String),
    /// The name of a command of the executor's.
    Command(String),
}

/// One thing that an executor says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fact {
    pub(crate) key: Key,
    pub(crate) value: Value,
    /// The id by which it can be ignored: of the emitter, for pulses.
    pub(crate) emitter: Option<String>,
}

impl Fact {
    /// The same about something with another id.
    pub(crate) fn renamed(&self, names: &Names) -> Self {
        let other = |id: &String| names.text(id).unwrap_or_else(|| id.clone());
        let mut value = self.value.clone();
        let key = match &self.key {
            Key::Entity(item_type, id) => {
                names.document(&mut value);
                Key::Entity(item_type.clone(), other(id))
            }
            Key::Pulse(id) => Key::Pulse(other(id)),
            Key::Answer(tx) => Key::Answer(tx.clone()),
            Key::Command(id) => Key::Command(id.clone()),
        };
        Self {
            key,
            value,
            emitter: self.emitter.clone(),
        }
    }
}

/// A frame of an executor, taken apart.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub(crate) facts: Vec<Fact>,
    /// A query or a command that wants an answer: what it asks, and its transaction.
    pub(crate) asks: Option<(String, String)>,
    /// A ping that wants an echo.
    pub(crate) ping: Option<Value>,
}

/// Whether an id of an instance stands somewhere else than in the recording, and how it is written here.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    from_to: Vec<(String, String)>,
}

impl Names {
    pub(crate) fn add(&mut self, from: &str, to: &str) {
        if from != to && !self.from_to.iter().any(|(known, _)| known == from) {
            self.from_to.push((from.to_owned(), to.to_owned()));
        }
    }

    /// What asks something, written before the id was known, with the other id.
    pub(crate) fn question(&self, what: &str) -> String {
        self.from_to
            .iter()
            .fold(what.to_owned(), |what, (from, to)| {
                let quoted = |id: &String| Value::from(id.as_str()).to_string();
                what.replace(&quoted(from), &quoted(to))
            })
    }

    /// The text with the other id, where it is the whole of it or a part that stands by itself.
    pub(crate) fn text(&self, text: &str) -> Option<String> {
        self.from_to.iter().find_map(|(from, to)| {
            if text == from {
                return Some(to.clone());
            }
            let length = format!("{}:{from}:", from.len());
            if let Some(rest) = text.strip_prefix(&length) {
                return Some(format!("{}:{to}:{rest}", to.len()));
            }
            if let Some(rest) = text.strip_prefix(from.as_str())
                && rest.starts_with(':')
            {
                return Some(format!("{to}{rest}"));
            }
            let rest = text.strip_suffix(from.as_str())?;
            rest.ends_with(':').then(|| format!("{rest}{to}"))
        })
    }

    /// The same in all of a document but in the data of actions and pulses.
    pub(crate) fn document(&self, document: &mut Value) {
        if !self.from_to.is_empty() {
            self.all(document);
        }
    }

    /// The same in a frame.
    pub(crate) fn document_of_frame(&self, frame: &mut Value) {
        if let Some(data) = frame.get_mut("data") {
            self.document(data);
        }
    }

    fn all(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Some(other) = self.text(text) {
                    *text = other;
                }
            }
            Value::Array(members) => members.iter_mut().for_each(|member| self.all(member)),
            Value::Object(fields) => {
                for (name, field) in fields {
                    if name != "data" && name != "payloads" {
                        self.all(field);
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

/// The instances that a frame announces: service and id.
pub(crate) fn instances(frame: &Value) -> Vec<(&str, &str)> {
    let data = &frame["data"];
    let mut found: Vec<&Value> = Vec::new();
    match frame["event"].as_str() {
        Some("ws:m:event") => found.push(data),
        Some("ws:m:event-batch") => found.extend(data.as_array().into_iter().flatten()),
        Some("ws:m:command") => {
            let instance = &data["command"]["instance"];
            return instance_of(instance).into_iter().collect();
        }
        _ => {}
    }
    found
        .into_iter()
        .filter(|event| event["itemType"] == "Instance" && event["changeType"] == "SET")
        .filter_map(|event| instance_of(&event["item"]))
        .collect()
}

fn instance_of(item: &Value) -> Option<(&str, &str)> {
    let service = item["serviceId"].as_str().unwrap_or_default();
    item["id"].as_str().map(|id| (service, id))
}

/// Takes a frame of an executor apart, with the ids of instances as `names` has them.
pub(crate) fn said(mut frame: Value, names: &Names) -> Said {
    // As the recording is without its secrets, so is what is compared with it.
    Secrets::default().leave_out(&mut frame);
    let mut said = Said::default();
    let event = frame["event"].as_str().unwrap_or_default().to_owned();
    let outer = frame["tx"].as_str().map(ToOwned::to_owned);
    let mut data = frame["data"].take();
    match event.as_str() {
        "ws:m:event" => said.facts.extend(of_event(data, names)),
        "ws:m:event-batch" => {
            if let Value::Array(events) = data {
                let facts = events
                    .into_iter()
                    .filter_map(|event| of_event(event, names));
                said.facts.extend(facts);
            }
        }
        "ws:m:ping" => said.ping = Some(data),
        "ws:m:query" => {
            let mut query = data["query"].take();
            names.document(&mut query);
            let tx = without(&mut query, "tx");
            without(&mut query, "createdAt");
            if let Some(Value::String(tx)) = tx {
                let what = format!("{} {} {query}", data["queryId"], data["queryItemType"]);
                said.asks = Some((what, tx));
            }
        }
        "ws:m:command" => {
            let mut command = data["command"].take();
            let id = data["commandId"].as_str().unwrap_or_default().to_owned();
            let tx = without(&mut command, "tx");
            without(&mut command, "createdAt");
            if let Some(instance) = command.get_mut("instance") {
                plain(instance, names);
            }
            if let Some(Value::String(tx)) = tx {
                said.asks = Some((format!("{id} {command}"), tx));
            }
            said.facts.push(Fact {
                key: Key::Command(id),
                value: command,
                emitter: None,
            });
        }
        "ws:m:command-response" | "ws:m:command-error" => {
            let inner = data["tx"].as_str().map(ToOwned::to_owned);
            if let Some(tx) = inner.or(outer) {
                let value = if event == "ws:m:command-error" {
                    let message = match data["message"].take() {
                        Value::Null => frame["message"].take(),
                        message => message,
                    };
                    Value::Object(Map::from_iter([("error".to_owned(), message)]))
                } else {
                    let response = match data.get_mut("response").map(Value::take) {
                        Some(response) => response,
                        None if data.get("tx").is_none() => data,
                        None => Value::Null,
                    };
                    Value::Object(Map::from_iter([("response".to_owned(), response)]))
                };
                said.facts.push(Fact {
                    key: Key::Answer(tx),
                    value,
                    emitter: None,
                });
            }
        }
        _ => {}
    }
    said
}

fn without(value: &mut Value, name: &str) -> Option<Value> {
    value.as_object_mut()?.remove(name)
}

fn of_event(mut event: Value, names: &Names) -> Option<Fact> {
    let item_type = event["itemType"].as_str()?.to_owned();
    let deleted = event["changeType"] == "DEL";
    let mut item = event["item"].take();
    // Its machine is the one that it runs on.
    if item_type == "Machine" {
        return None;
    }
    let text = |item: &Value, name: &str| item[name].as_str().map(ToOwned::to_owned);
    if item_type == "Pulse" {
        let emitter = text(&item, "emitterId");
        let id = text(&item, "id").or_else(|| emitter.clone())?;
        let id = names.text(&id).unwrap_or(id);
        let value = if deleted {
            deletion()
        } else {
            item["data"].take()
        };
        return Some(Fact {
            key: Key::Pulse(id),
            value,
            emitter,
        });
    }
    plain(&mut item, names);
    let status_of = || {
        let (instance, target) = (text(&item, "instanceId")?, text(&item, "targetId")?);
        Some(format!("{instance}:{target}"))
    };
    let id = text(&item, "id").or_else(status_of)?;
    let value = if deleted { deletion() } else { item };
    Some(Fact {
        key: Key::Entity(item_type, id),
        value,
        emitter: None,
    })
}

fn deletion() -> Value {
    Value::Object(Map::from_iter([("deleted".to_owned(), true.into())]))
}

/// Makes an entity comparable.
fn plain(item: &mut Value, names: &Names) {
    names.document(item);
    if let Value::Object(fields) = item {
        fields.retain(|name, field| !VOLATILE.contains(&name.as_str()) && !field.is_null());
        // 2023 servers are given it as a string.
        if let Some(Value::String(schema)) = fields.get("schema")
            && let Ok(schema) = serde_json::from_str(schema)
        {
            fields.insert("schema".to_owned(), schema);
        }
    }
}

/// Takes out of an entity of a server's what differs from run to run.
pub(crate) fn comparable(item: &mut Value) {
    plain(item, &Names::default());
}

/// Leaves off what an executor says when it ends, if that is what the facts end with.
pub(crate) fn without_farewell(facts: &mut Vec<Fact>) {
    let last = |fact: &Fact| match &fact.key {
        Key::Entity(item_type, _) => match item_type.as_str() {
            "Instance" => fact.value["status"] == "Unavailable",
            "TargetStatus" | "ActionStatus" | "EmitterStatus" => fact.value["status"] == "offline",
            "TargetLayout" | "TargetTopology" => true,
            _ => false,
        },
        Key::Pulse(_) | Key::Answer(_) | Key::Command(_) => false,
    };
    let kept = facts.iter().rposition(|fact| !last(fact));
    let kept = kept.map_or(0, |last| last + 1);
    let is_farewell = facts[kept..]
        .iter()
        .any(|fact| matches!(&fact.key, Key::Entity(item_type, _) if item_type == "Instance"));
    if is_farewell {
        facts.truncate(kept);
    }
}

/// The command that announces an instance to a 2026 server.
const REGISTER: &str = "RegisterInstance";

/// Facts by what they are about, each in order; an entity that is said again as it was counts once, and so does an
/// instance that is registered again, which an executor does whenever it is not sure that the server has it.
pub(crate) fn by_key(facts: &[Fact]) -> BTreeMap<Key, Vec<Value>> {
    let mut all: BTreeMap<Key, Vec<Value>> = BTreeMap::new();
    for fact in facts {
        let values = all.entry(fact.key.clone()).or_default();
        let again = match &fact.key {
            Key::Entity(..) => values.last().is_some_and(|last| same(last, &fact.value)),
            Key::Command(id) if id == REGISTER => {
                values.iter().any(|before| same(before, &fact.value))
            }
            _ => false,
        };
        if !again {
            values.push(fact.value.clone());
        }
    }
    all
}

/// Whether two values are the same in any encoding: 3 is 3.0.
pub(crate) fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            one == other || one.as_f64() == other.as_f64()
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(name, one)| other.get(name).is_some_and(|other| same(one, other)))
        }
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_announced_again_as_it_was_counts_once_and_what_is_done_again_does_not() {
        let entity = || Key::Entity("Target".to_owned(), "a".to_owned());
        let register = || Key::Command(REGISTER.to_owned());
        let other = || Key::Command("Other".to_owned());
        let facts = [
            (entity(), 1),
            (entity(), 1),
            (entity(), 2),
            (entity(), 1),
            (register(), 1),
            (register(), 2),
            (register(), 1),
            (other(), 1),
            (other(), 1),
        ];
        let facts = facts.map(|(key, value)| Fact {
            key,
            value: json!(value),
            emitter: None,
        });
        let counted = by_key(&facts);
        assert_eq!(counted[&entity()], [json!(1), json!(2), json!(1)]);
        assert_eq!(counted[&register()], [json!(1), json!(2)]);
        assert_eq!(counted[&other()], [json!(1), json!(1)]);
    }
}
