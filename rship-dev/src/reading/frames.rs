//! Reading the frames that executors and user interfaces send.

use rship_core::wire::Generation;
use serde_json::{Map, Value};

use super::{Problem, found_words};
use crate::query::Query;
use crate::store::Change;
use crate::weight;

/// What an open query takes in memory beside its fields.
const QUERY: usize = 512;

/// A frame as this generation understands it.
#[derive(Debug, PartialEq)]
pub(crate) enum Inbound {
    Event(Event),
    /// The events of one batch; each stands for itself.
    Batch(Vec<Result<Event, Refused>>),
    /// A ping, with what an echo has to carry.
    Ping(Value),
    Query {
        tx: String,
        query: Query,
        /// What it takes in memory.
        weight: usize,
    },
    Cancel {
        tx: String,
    },
    Command {
        tx: String,
        command_id: String,
        command: Map<String, Value>,
    },
    Answer {
        tx: String,
        answer: Result<Value, Refusal>,
    },
}

/// A change of one entity, its fields not yet looked at.
#[derive(Debug, PartialEq)]
pub(crate) struct Event {
    pub(crate) item_type: String,
    pub(crate) change: Change,
    pub(crate) item: Map<String, Value>,
}

/// The content of a command-error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) command_id: Option<String>,
    pub(crate) message: String,
}

/// A frame, or a member of a batch, that this generation cannot read.
#[derive(Debug, PartialEq)]
pub(crate) struct Refused {
    /// The entity's type, the frame's event, or `frame`.
    pub(crate) item_type: String,
    pub(crate) id: String,
    pub(crate) problem: Problem,
}

/// Reads a frame as a server of this generation does.
pub(crate) fn read(generation: Generation, frame: Value) -> Result<Inbound, Refused> {
    let event = frame
        .get("event")
        .and_then(Value::as_str)
        .map(ToOwned::to_owned);
    let name = event.clone().unwrap_or_else(|| "frame".to_owned());
    let id = tx_anywhere(&frame).unwrap_or_default();
    let reader = Reader { generation };
    let Value::Object(mut frame) = frame else {
        let problem = Problem::fatal(
            "",
            format!("it is {}, a server wants an object", found_words(&frame)),
        );
        return Err(Refused {
            item_type: name,
            id,
            problem,
        });
    };
    let inbound = match event.as_deref() {
        Some("ws:m:event") => {
            // Its refusal names the entity where it can.
            return reader.event(frame.remove("data")).map(Inbound::Event);
        }
        Some("ws:m:event-batch") => reader.batch(frame.remove("data")),
        Some("ws:m:ping") => reader.ping(frame.remove("data")),
        Some("ws:m:query") => reader.query(frame.remove("data")),
        Some("ws:m:query-cancel") => reader.tx(&frame).map(|tx| Inbound::Cancel { tx }),
        Some("ws:m:command") => reader.command(frame.remove("data")),
        Some("ws:m:command-response") => reader.response(&frame),
        Some("ws:m:command-error") => reader.error(&frame),
        Some(_) => Err(Problem::fatal("event", "no server knows this event")),
        None => Err(Problem::missing(
            generation,
            "event",
            "the name of an event",
        )),
    };
    inbound.map_err(|problem| Refused {
        item_type: name,
        id,
        problem,
    })
}

/// The transaction wherever a frame carries it, to name a frame that cannot be read.
fn tx_anywhere(frame: &Value) -> Option<String> {
    let data = frame.get("data");
    [
        frame.get("tx"),
        data.and_then(|data| data.get("tx")),
        data.and_then(|data| data.get("query")?.get("tx")),
        data.and_then(|data| data.get("command")?.get("tx")),
    ]
    .into_iter()
    .flatten()
    .find_map(Value::as_str)
    .map(ToOwned::to_owned)
}

struct Reader {
    generation: Generation,
}

impl Reader {
    fn object(&self, field: &str, value: Option<Value>) -> Result<Map<String, Value>, Problem> {
        match value {
            Some(Value::Object(object)) => Ok(object),
            Some(other) => Err(Problem::wrong(self.generation, field, &other, "an object")),
            None => Err(Problem::missing(self.generation, field, "an object")),
        }
    }

    fn string(
        &self,
        path: &str,
        object: &Map<String, Value>,
        name: &str,
    ) -> Result<String, Problem> {
        match object.get(name) {
            Some(Value::String(text)) => Ok(text.clone()),
            Some(other) => Err(Problem::wrong(
                self.generation,
                &format!("{path}{name}"),
                other,
                "a string",
            )),
            None => Err(Problem::missing(
                self.generation,
                &format!("{path}{name}"),
                "a string",
            )),
        }
    }

    fn event(&self, data: Option<Value>) -> Result<Event, Refused> {
        let frame = |problem| Refused {
            item_type: "ws:m:event".to_owned(),
            id: String::new(),
            problem,
        };
        let mut data = self.object("data", data).map_err(frame)?;
        let item_type = self.string("data.", &data, "itemType").map_err(frame)?;
        let item = self.object("data.item", data.remove("item"));
        let id = item
            .as_ref()
            .ok()
            .and_then(|item| item.get("id")?.as_str())
            .unwrap_or_default()
            .to_owned();
        let entity = |problem| Refused {
            item_type: item_type.clone(),
            id: id.clone(),
            problem,
        };
        let change = match self
            .string("data.", &data, "changeType")
            .map_err(entity)?
            .as_str()
        {
            "SET" => Change::Set,
            "DEL" => Change::Del,
            other => {
                let problem = Problem::wrong(
                    self.generation,
                    "data.changeType",
                    &Value::from(other),
                    "`SET` or `DEL`",
                );
                return Err(entity(problem));
            }
        };
        for name in ["createdAt", "tx", "sourceId"] {
            if let Some(other) = data
                .get(name)
                .filter(|value| !value.is_string() && !value.is_null())
            {
                let problem =
                    Problem::wrong(self.generation, &format!("data.{name}"), other, "a string");
                return Err(entity(problem));
            }
        }
        let item = item.map_err(entity)?;
        Ok(Event {
            item_type,
            change,
            item,
        })
    }

    fn batch(&self, data: Option<Value>) -> Result<Inbound, Problem> {
        if self.generation == Generation::V2023 {
            return Err(Problem::fatal(
                "event",
                "a 2023 server takes one event per frame, as `ws:m:event`",
            ));
        }
        match data {
            Some(Value::Array(members)) => Ok(Inbound::Batch(
                members
                    .into_iter()
                    .map(|member| self.event(Some(member)))
                    .collect(),
            )),
            Some(other) => Err(Problem::wrong(
                self.generation,
                "data",
                &other,
                "an array of events",
            )),
            None => Err(Problem::missing(
                self.generation,
                "data",
                "an array of events",
            )),
        }
    }

    fn ping(&self, data: Option<Value>) -> Result<Inbound, Problem> {
        let data = self.object("data", data)?;
        // 2024 answers no ping: what it gets are the answers to its own, in any form.
        if self.generation != Generation::V2024 {
            self.string("data.", &data, "id")?;
            match data.get("timestamp") {
                Some(timestamp) if timestamp.is_i64() || timestamp.is_u64() => {}
                Some(other) => {
                    return Err(Problem::wrong(
                        self.generation,
                        "data.timestamp",
                        other,
                        "an integer",
                    ));
                }
                None => {
                    return Err(Problem::missing(
                        self.generation,
                        "data.timestamp",
                        "an integer",
                    ));
                }
            }
        }
        Ok(Inbound::Ping(Value::Object(data)))
    }

    fn query(&self, data: Option<Value>) -> Result<Inbound, Problem> {
        let mut data = self.object("data", data)?;
        let query_id = self.string("data.", &data, "queryId")?;
        let item_type = self.string("data.", &data, "queryItemType")?;
        let query = self.object("data.query", data.remove("query"))?;
        let tx = self.string("data.query.", &query, "tx")?;
        let weight = QUERY + item_type.len() + weight::of_fields(&query);
        let query = Query::read(self.generation, &query_id, &item_type, query)?;
        Ok(Inbound::Query { tx, query, weight })
    }

    fn command(&self, data: Option<Value>) -> Result<Inbound, Problem> {
        let mut data = self.object("data", data)?;
        let command_id = self.string("data.", &data, "commandId")?;
        let command = self.object("data.command", data.remove("command"))?;
        let tx = self.string("data.command.", &command, "tx")?;
        Ok(Inbound::Command {
            tx,
            command_id,
            command,
        })
    }

    /// The transaction of an answer or a cancel: beside `data` in 2023, inside it since.
    fn tx(&self, frame: &Map<String, Value>) -> Result<String, Problem> {
        let inside = frame.get("data").and_then(|data| data.get("tx"));
        match (self.generation, frame.get("tx"), inside) {
            (Generation::V2023, Some(Value::String(tx)), _)
            | (Generation::V2024 | Generation::V2026, _, Some(Value::String(tx))) => Ok(tx.clone()),
            (Generation::V2023, None, Some(_)) => Err(Problem::fatal(
                "tx",
                "`tx` is inside `data` only, a 2023 server wants it beside `data`; writing both is understood by all",
            )),
            (_, Some(_), None) if self.generation != Generation::V2023 => Err(Problem::fatal(
                "data.tx",
                format!(
                    "`tx` is beside `data` only, a {} server wants it inside; writing both is understood by all",
                    self.generation
                ),
            )),
            (Generation::V2023, Some(other), _) => {
                Err(Problem::wrong(self.generation, "tx", other, "a string"))
            }
            (Generation::V2023, None, None) => {
                Err(Problem::missing(self.generation, "tx", "a string"))
            }
            (_, _, Some(other)) => Err(Problem::wrong(
                self.generation,
                "data.tx",
                other,
                "a string",
            )),
            (_, _, None) => Err(Problem::missing(self.generation, "data.tx", "a string")),
        }
    }

    fn response(&self, frame: &Map<String, Value>) -> Result<Inbound, Problem> {
        let tx = self.tx(frame)?;
        let data = frame.get("data").unwrap_or(&Value::Null);
        let response = match (self.generation, data.get("response")) {
            (_, Some(response)) => response.clone(),
            (Generation::V2023, None) => data.clone(),
            (Generation::V2024, None) => Value::Null,
            (Generation::V2026, None) => {
                return Err(Problem::missing(
                    self.generation,
                    "data.response",
                    "any value, null included",
                ));
            }
        };
        Ok(Inbound::Answer {
            tx,
            answer: Ok(response),
        })
    }

    fn error(&self, frame: &Map<String, Value>) -> Result<Inbound, Problem> {
        let tx = self.tx(frame)?;
        let empty = Map::new();
        let data = frame
            .get("data")
            .and_then(Value::as_object)
            .unwrap_or(&empty);
        let command_id = match self.generation {
            Generation::V2026 => Some(self.string("data.", data, "commandId")?),
            _ => data
                .get("commandId")
                .and_then(Value::as_str)
                .map(ToOwned::to_owned),
        };
        let message = match (self.generation, frame.get("message")) {
            (Generation::V2023, Some(Value::String(message))) => message.clone(),
            _ => self.string("data.", data, "message")?,
        };
        Ok(Inbound::Answer {
            tx,
            answer: Err(Refusal {
                command_id,
                message,
            }),
        })
    }
}

#[cfg(test)]
#[path = "frames_tests.rs"]
mod tests;
