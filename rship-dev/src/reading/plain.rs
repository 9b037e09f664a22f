//! The common frame, read without making a tree of it: pulses that set a value, and nothing else.
//!
//! Anything that is the least unusual is left to the reader of all frames, which says what is wrong with it. What is
//! read here, it reads alike.

use std::borrow::Cow;

use rship_core::wire::Generation;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// How deep a value may nest: less than any reader of frames takes.
pub(super) const DEPTH: usize = 64;

/// How many digits a number may have: with so few, none is larger than numbers can be.
const DIGITS: usize = 32;

/// What a byte of text weighs at most once it is a tree.
const HEAVIEST: usize = 160;

/// A pulse that sets a value.
#[derive(Debug, PartialEq)]
pub(crate) struct Pulse<'f> {
    pub(crate) id: &'f str,
    pub(crate) emitter_id: &'f str,
    /// The value as JSON.
    pub(crate) data: Cow<'f, str>,
    /// What the client says that it is.
    pub(crate) client_id: Option<&'f str>,
    pub(crate) hash: Option<&'f str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Frame<'f, D> {
    #[serde(rename = "event")]
    _event: &'f str,
    data: D,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Event<'f> {
    item_type: &'f str,
    change_type: &'f str,
    #[serde(borrow)]
    item: Item<'f>,
    #[serde(rename = "createdAt", borrow, default)]
    _created_at: Option<&'f str>,
    #[serde(rename = "tx", borrow, default)]
    _tx: Option<&'f str>,
    #[serde(rename = "sourceId", borrow, default)]
    _source_id: Option<&'f str>,
    /// No server looks at it.
    #[serde(rename = "clientId", borrow, default)]
    _client_id: Option<&'f str>,
}

// A string with anything escaped in it is not borrowed, and so not read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Item<'f> {
    id: &'f str,
    emitter_id: &'f str,
    #[serde(borrow)]
    data: &'f RawValue,
    #[serde(borrow, default, deserialize_with = "there")]
    client_id: Option<&'f str>,
    #[serde(borrow, default, deserialize_with = "there")]
    hash: Option<&'f str>,
}

/// A field that is a string where it is there, which null is not.
fn there<'f, D: Deserializer<'f>>(from: D) -> Result<Option<&'f str>, D::Error> {
    <&str>::deserialize(from).map(Some)
}

/// The pulses of a frame, when there is nothing in it but pulses that a server of this generation stores without a
/// word and that weigh no more than `heaviest` each.
pub(crate) fn read(generation: Generation, text: &str, heaviest: usize) -> Option<Vec<Pulse<'_>>> {
    let begins = text.strip_prefix(r#"{"event":"ws:m:event"#)?;
    let events = match generation {
        // Its pulses have to name the client.
        Generation::V2023 => return None,
        Generation::V2026 if begins.starts_with(r#"-batch","data":["#) => {
            serde_json::from_str::<Frame<'_, Vec<Event<'_>>>>(text)
                .ok()?
                .data
        }
        Generation::V2024 | Generation::V2026 if begins.starts_with(r#"","data":{"#) => {
            vec![
                serde_json::from_str::<Frame<'_, Event<'_>>>(text)
                    .ok()?
                    .data,
            ]
        }
        _ => return None,
    };
    let pulses = events.into_iter().map(|event| {
        let Item {
            id,
            emitter_id,
            data,
            client_id,
            hash,
        } = event.item;
        let pulse = Pulse {
            id,
            emitter_id,
            data: Cow::Borrowed(data.get()),
            client_id,
            hash,
        };
        // One without a hash gets one of its content, which takes a tree.
        let hashed = hash.is_some() || generation == Generation::V2026;
        let sets = event.item_type == "Pulse" && event.change_type == "SET";
        (sets && hashed && fits(&pulse, heaviest) && is_plain(&pulse.data)).then_some(pulse)
    });
    pulses.collect()
}

/// Whether it has an id, and weighs no more than that as a tree.
pub(super) fn fits(pulse: &Pulse<'_>, heaviest: usize) -> bool {
    !pulse.id.is_empty() && pulse.length(None).saturating_mul(HEAVIEST) <= heaviest
}

/// Whether what is JSON by its syntax is so by its values too, and means the same wherever it stands.
fn is_plain(text: &str) -> bool {
    let (mut depth, mut digits) = (0_usize, 0);
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'0'..=b'9' => {
                digits += 1;
                if digits > DIGITS {
                    return false;
                }
                continue;
            }
            b'"' => {
                while let Some(byte) = bytes.next() {
                    match byte {
                        b'"' => break,
                        // It may be a NUL, or half a character.
                        b'\\' if bytes.next() == Some(b'u') => return false,
                        _ => {}
                    }
                }
            }
            b'[' | b'{' => {
                depth += 1;
                if depth > DEPTH {
                    return false;
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            // An exponent.
            b'e' | b'E' if digits > 0 => return false,
            _ => {}
        }
        digits = 0;
    }
    true
}

impl Pulse<'_> {
    /// How many bytes [`Pulse::write`] writes.
    pub(crate) fn length(&self, client_id: Option<&str>) -> usize {
        let parts = self.parts(client_id);
        parts.into_iter().map(str::len).sum()
    }

    /// Writes it as it is kept, with the id of the client that the core knows where it knows better.
    pub(crate) fn write(&self, client_id: Option<&str>, out: &mut String) {
        let parts = self.parts(client_id);
        out.reserve_exact(parts.into_iter().map(str::len).sum());
        parts.into_iter().for_each(|part| out.push_str(part));
    }

    fn parts<'a>(&'a self, client_id: Option<&'a str>) -> [&'a str; 13] {
        let mut parts = [
            r#"{"id":""#,
            self.id,
            r#"","emitterId":""#,
            self.emitter_id,
            r#"","data":"#,
            &self.data,
            "",
            "",
            "",
            "",
            "",
            "",
            "}",
        ];
        if let Some(client_id) = client_id.or(self.client_id) {
            parts[6..9].copy_from_slice(&[r#","clientId":""#, client_id, "\""]);
        }
        if let Some(hash) = self.hash {
            parts[9..12].copy_from_slice(&[r#","hash":""#, hash, "\""]);
        }
        parts
    }

    /// Its fields, as the reader of all frames reads them.
    pub(crate) fn fields(&self) -> Map<String, Value> {
        let mut text = String::new();
        self.write(None, &mut text);
        serde_json::from_str(&text).unwrap_or_default()
    }
}

#[cfg(test)]
#[path = "plain_tests.rs"]
mod tests;
