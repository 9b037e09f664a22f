//! Events: entities and pulses on their way to the server.

use bytes::BytesMut;
use serde::Serialize;
use serde_json::Value;

use super::text::escaped;
use super::{Generation, item};
use crate::entity::{Action, Emitter, Instance, Item};
use crate::json;

/// What an event does to its item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Stores it, or stores it anew.
    Set,
    /// Deletes it; the whole item is sent all the same, because a 2026 server drops a bare id.
    Delete,
}

/// When an event was made, and the id of its transaction. Both are written as they are: a time and a
/// UUID have no characters that JSON escapes.
#[derive(Debug, Clone, Copy)]
pub struct Stamp<'a> {
    /// RFC 3339, UTC.
    pub created_at: &'a str,
    /// A UUID, unique for each event.
    pub tx: &'a str,
}

/// Writes events in the form that one generation of server reads.
#[derive(Debug, Clone)]
pub struct Writer {
    generation: Generation,
    client_id: Option<String>,
    /// The client id as a field of each event and pulse; empty when there is none.
    client_field: Vec<u8>,
}

impl Writer {
    /// Writes for this generation; `client_id` is what the server gave the connection, if it did.
    #[must_use]
    pub fn new(generation: Generation, client_id: Option<String>) -> Self {
        let field = |id: &String| format!(",\"clientId\":\"{}\"", escaped(id)).into_bytes();
        Self {
            generation,
            client_field: client_id.as_ref().map(field).unwrap_or_default(),
            client_id,
        }
    }

    /// The generation it writes for.
    #[must_use]
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// What the server calls the connection, if it said so.
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        self.client_id.as_deref()
    }

    /// Appends the event of an instance, with the connection's client id in it.
    pub fn instance(
        &self,
        change: Change,
        instance: &Instance,
        stamp: Stamp<'_>,
        out: &mut BytesMut,
    ) {
        self.event(change, &self.with_client(instance), stamp, out);
    }

    /// The instance as this connection says it.
    #[must_use]
    pub fn with_client(&self, instance: &Instance) -> Instance {
        Instance {
            client_id: self.client_id.clone(),
            ..instance.clone()
        }
    }

    /// Appends the event of an action; to a 2023 server its schema is a string.
    pub fn action(&self, change: Change, action: &Action, stamp: Stamp<'_>, out: &mut BytesMut) {
        if self.generation == Generation::V2023 {
            let schema = Value::String(json::text(&action.schema));
            let textual = Action {
                schema,
                ..action.clone()
            };
            self.event(change, &textual, stamp, out);
        } else {
            self.event(change, action, stamp, out);
        }
    }

    /// Appends the event of an emitter; its schema came with the 2024 servers.
    pub fn emitter(&self, change: Change, emitter: &Emitter, stamp: Stamp<'_>, out: &mut BytesMut) {
        if self.generation == Generation::V2023 {
            self.event(change, &WithoutSchema(emitter), stamp, out);
        } else {
            self.event(change, emitter, stamp, out);
        }
    }

    /// Appends the event of any item that is the same in all generations.
    pub fn event<I: Item>(&self, change: Change, item: &I, stamp: Stamp<'_>, out: &mut BytesMut) {
        let start = out.len();
        self.open(I::TYPE, change, stamp, out);
        if item::write(item, out).is_err() {
            // Entities are made of strings and schemas, which are always written.
            out.truncate(start);
            return;
        }
        out.extend_from_slice(b"}");
    }

    /// Appends the event of an item that was written as JSON before: one of a device's own.
    pub fn written(
        &self,
        change: Change,
        item_type: &str,
        item: &[u8],
        stamp: Stamp<'_>,
        out: &mut BytesMut,
    ) {
        self.open(item_type, change, stamp, out);
        out.extend_from_slice(item);
        out.extend_from_slice(b"}");
    }

    /// The client id as a field after others; empty when there is none.
    pub(super) fn client_field(&self) -> &[u8] {
        &self.client_field
    }

    pub(super) fn open(
        &self,
        item_type: &str,
        change: Change,
        stamp: Stamp<'_>,
        out: &mut BytesMut,
    ) {
        out.extend_from_slice(b"{\"itemType\":\"");
        out.extend_from_slice(escaped(item_type).as_bytes());
        out.extend_from_slice(match change {
            Change::Set => b"\",\"changeType\":\"SET\",\"createdAt\":\"",
            Change::Delete => b"\",\"changeType\":\"DEL\",\"createdAt\":\"",
        });
        out.extend_from_slice(stamp.created_at.as_bytes());
        out.extend_from_slice(b"\",\"tx\":\"");
        out.extend_from_slice(stamp.tx.as_bytes());
        out.extend_from_slice(b"\"");
        out.extend_from_slice(&self.client_field);
        out.extend_from_slice(b",\"item\":");
    }
}

/// An emitter as a 2023 server knows it.
struct WithoutSchema<'a>(&'a Emitter);

impl Serialize for WithoutSchema<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Emitter2023<'a> {
            id: &'a str,
            name: &'a str,
            target_id: &'a str,
            service_id: &'a str,
        }
        let Self(emitter) = self;
        Emitter2023 {
            id: &emitter.id,
            name: &emitter.name,
            target_id: &emitter.target_id,
            service_id: &emitter.service_id,
        }
        .serialize(serializer)
    }
}

impl Item for WithoutSchema<'_> {
    const TYPE: &'static str = Emitter::TYPE;

    fn id(&self) -> &str {
        &self.0.id
    }
}
