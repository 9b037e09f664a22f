//! Events: entities and pulses on their way to the server.

use serde::Serialize;
use serde_json::Value;

use super::{Generation, item};
use crate::entity::{Action, Emitter, Instance, Item};

/// What an event does to its item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Stores it, or stores it anew.
    Set,
    /// Deletes it; the whole item is sent all the same, because a 2026 server drops a bare id.
    Delete,
}

/// When an event was made, and the id of its transaction.
#[derive(Debug, Clone, Copy)]
pub struct Stamp<'a> {
    /// RFC 3339, UTC.
    pub created_at: &'a str,
    /// Unique for each event.
    pub tx: &'a str,
}

/// Writes events in the form that one generation of server reads.
#[derive(Debug, Clone)]
pub struct Writer {
    generation: Generation,
    client_id: Option<String>,
}

impl Writer {
    /// Writes for this generation; `client_id` is what the server gave the connection, if it did.
    #[must_use]
    pub fn new(generation: Generation, client_id: Option<String>) -> Self {
        Self {
            generation,
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
        out: &mut String,
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

    /// Appends the event of an action; to a 2023 server its schema is a text.
    pub fn action(&self, change: Change, action: &Action, stamp: Stamp<'_>, out: &mut String) {
        if self.generation == Generation::V2023 {
            let schema = Value::String(action.schema.to_string());
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
    pub fn emitter(&self, change: Change, emitter: &Emitter, stamp: Stamp<'_>, out: &mut String) {
        if self.generation == Generation::V2023 {
            self.event(change, &WithoutSchema(emitter), stamp, out);
        } else {
            self.event(change, emitter, stamp, out);
        }
    }

    /// Appends the event of any item that is the same in all generations.
    pub fn event<I: Item>(&self, change: Change, item: &I, stamp: Stamp<'_>, out: &mut String) {
        let start = out.len();
        self.open(I::TYPE, change, stamp, out);
        if item::write(item, out).is_err() {
            // Entities are made of texts and schemas, which are always written.
            out.truncate(start);
            return;
        }
        out.push('}');
    }

    /// Appends the event of an item that was written as JSON before: one of a device's own.
    pub fn written(
        &self,
        change: Change,
        item_type: &str,
        item: &str,
        stamp: Stamp<'_>,
        out: &mut String,
    ) {
        self.open(item_type, change, stamp, out);
        out.push_str(item);
        out.push('}');
    }

    /// Appends the event of a pulse. `data` is JSON text. `nonce` makes the hash of an impulse differ
    /// each time: servers show an unchanged hash to nobody.
    #[expect(
        clippy::too_many_arguments,
        reason = "each is a part of the frame, used once"
    )]
    pub fn pulse(
        &self,
        change: Change,
        emitter_id: &str,
        instance_id: &str,
        data: &str,
        nonce: Option<u64>,
        stamp: Stamp<'_>,
        out: &mut String,
    ) {
        self.open("Pulse", change, stamp, out);
        let item = out.len();
        out.push_str("{\"id\":");
        if self.generation == Generation::V2026 {
            // Two instances of one target would overwrite each other's pulses.
            push_text(emitter_id, out);
            out.pop();
            out.push(':');
            let quote = out.len();
            push_text(instance_id, out);
            out.remove(quote);
        } else {
            push_text(emitter_id, out);
        }
        out.push_str(",\"emitterId\":");
        push_text(emitter_id, out);
        out.push_str(",\"data\":");
        out.push_str(data);
        if let Some(client_id) = &self.client_id {
            out.push_str(",\"clientId\":");
            push_text(client_id, out);
        }
        let hash = item::content_hash(&out.as_bytes()[item..]);
        out.push(',');
        item::push_hash(hash ^ nonce.unwrap_or(0), out);
        out.push_str("}}");
    }

    fn open(&self, item_type: &str, change: Change, stamp: Stamp<'_>, out: &mut String) {
        out.push_str("{\"itemType\":");
        push_text(item_type, out);
        out.push_str(match change {
            Change::Set => ",\"changeType\":\"SET\"",
            Change::Delete => ",\"changeType\":\"DEL\"",
        });
        out.push_str(",\"createdAt\":");
        push_text(stamp.created_at, out);
        out.push_str(",\"tx\":");
        push_text(stamp.tx, out);
        if let Some(client_id) = &self.client_id {
            out.push_str(",\"clientId\":");
            push_text(client_id, out);
        }
        out.push_str(",\"item\":");
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

/// Appends a text as a JSON string; ids and names rarely hold a character that must be escaped.
pub(super) fn push_text(text: &str, out: &mut String) {
    out.push('"');
    if text
        .bytes()
        .any(|byte| byte < 0x20 || byte == b'"' || byte == b'\\')
    {
        // A text is always written as JSON: quotes around the escaped characters.
        let json = Value::from(text).to_string();
        out.push_str(json.get(1..json.len() - 1).unwrap_or_default());
    } else {
        out.push_str(text);
    }
    out.push('"');
}
