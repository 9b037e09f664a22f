//! Pulses: the values of emitters on their way to the server.

use std::ops::Range;

use bytes::BytesMut;

use super::binary::{self, string};
use super::event::{Change, Stamp, Writer};
use super::text::escaped;
use super::{Generation, item};

/// The name of the item's field, and the head of a map of four fields.
const ITEM: &[u8] = b"\x64item\xa4";

/// Whose pulses they are: the ids, ready for the wire. Made once for each emitter of each instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PulseSource {
    /// The item up to the value, with the instance in its id.
    text: Box<[u8]>,
    /// Where the instance stands in it.
    instance: Range<usize>,
    /// The field of the item up to the value.
    binary: Box<[u8]>,
}

/// A value of an emitter in one instance.
#[derive(Debug, Clone, Copy)]
pub struct Pulse<'a> {
    /// The emitter and the instance.
    pub source: &'a PulseSource,
    /// The value as JSON text.
    pub data: &'a [u8],
    /// Makes the hash of an impulse differ each time: servers show an unchanged hash to nobody.
    pub nonce: Option<u64>,
}

impl PulseSource {
    /// The source of the pulses of the emitter `TARGET:EMITTER` in this instance.
    #[must_use]
    pub fn new(emitter_id: &str, instance_id: &str) -> Self {
        let (emitter, instance) = (escaped(emitter_id), escaped(instance_id));
        // Two instances of one target would overwrite each other's pulses.
        let instance = format!(":{instance}");
        let start = "{\"id\":\"".len() + emitter.len();
        let text = format!(r#"{{"id":"{emitter}{instance}","emitterId":"{emitter}","data":"#);
        let mut fields = ITEM.to_vec();
        string("id", &mut fields);
        string(&format!("{emitter_id}:{instance_id}"), &mut fields);
        string("emitterId", &mut fields);
        string(emitter_id, &mut fields);
        string("data", &mut fields);
        Self {
            text: text.into_bytes().into(),
            instance: start..start + instance.len(),
            binary: fields.into(),
        }
    }
}

impl Writer {
    /// Appends the event of a pulse, as JSON.
    pub fn pulse(&self, change: Change, pulse: &Pulse<'_>, stamp: Stamp<'_>, out: &mut BytesMut) {
        self.open("Pulse", change, stamp, out);
        let start = out.len();
        let PulseSource { text, instance, .. } = pulse.source;
        if self.generation() == Generation::V2026 {
            out.extend_from_slice(text);
        } else {
            out.extend_from_slice(&text[..instance.start]);
            out.extend_from_slice(&text[instance.end..]);
        }
        out.extend_from_slice(pulse.data);
        out.extend_from_slice(self.client_field());
        let hash = item::content_hash(&out[start..]) ^ pulse.nonce.unwrap_or(0);
        out.extend_from_slice(b",");
        item::push_hash(hash, out);
        out.extend_from_slice(b"}}");
    }

    /// Writes the event of a pulse into `out`, as CBOR of what [`pulse`](Writer::pulse) writes to a 2026
    /// server.
    pub(super) fn binary_pulse(
        &self,
        change: Change,
        pulse: &Pulse<'_>,
        stamp: Stamp<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), serde_json::Error> {
        let PulseSource { text, binary, .. } = pulse.source;
        out.clear();
        for part in [text, pulse.data, self.client_field()] {
            out.extend_from_slice(part);
        }
        let hash = item::content_hash(out) ^ pulse.nonce.unwrap_or(0);
        out.clear();
        out.extend_from_slice(match change {
            Change::Set => b"\xa5\x68itemType\x65Pulse\x6achangeType\x63SET\x69createdAt",
            Change::Delete => b"\xa5\x68itemType\x65Pulse\x6achangeType\x63DEL\x69createdAt",
        });
        string(stamp.created_at, out);
        out.extend_from_slice(b"\x62tx");
        string(stamp.tx, out);
        self.binary_client(0, out);
        let item = out.len() + ITEM.len() - 1;
        out.extend_from_slice(binary);
        binary::encode_into(pulse.data, out)?;
        self.binary_client(item, out);
        out.extend_from_slice(b"\x64hash\x70");
        out.extend_from_slice(&item::hash_digits(hash));
        Ok(())
    }

    /// Appends the client id, if there is one, to the map whose head, of few fields, stands at `map`.
    fn binary_client(&self, map: usize, out: &mut Vec<u8>) {
        if let Some(client_id) = self.client_id() {
            out[map] += 1;
            out.extend_from_slice(b"\x68clientId");
            string(client_id, out);
        }
    }
}
