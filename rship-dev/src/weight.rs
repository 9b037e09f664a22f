//! What a document weighs in memory, which may be a hundred times what it takes on the wire.

use std::fmt;

use serde::de::{
    Deserialize, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use serde_json::{Map, Value};

/// A value, or a small allocation and what the allocator keeps beside it.
const VALUE: usize = 32;
/// A node of a map has room for 11 fields, and is half full or more.
const NODE: usize = 640;
const IN_NODE: usize = 6;

/// What a value takes in memory, roughly.
pub(crate) fn of(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => VALUE,
        Value::String(text) => of_text(text.len()),
        Value::Array(members) => VALUE + members.iter().map(of).sum::<usize>(),
        Value::Object(fields) => VALUE + of_fields(fields),
    }
}

/// What the fields of an object take in memory, roughly.
pub(crate) fn of_fields(fields: &Map<String, Value>) -> usize {
    let content = fields
        .iter()
        .map(|(name, value)| of_text(name.len()) + of(value));
    nodes(fields.len()) + content.sum::<usize>()
}

const fn of_text(length: usize) -> usize {
    VALUE + length
}

const fn nodes(fields: usize) -> usize {
    fields.div_ceil(IN_NODE) * NODE
}

/// What the document in a message would weigh, found without making it.
pub(crate) struct Weight(pub(crate) usize);

impl<'de> Deserialize<'de> for Weight {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Weigher).map(Self)
    }
}

struct Weigher;

impl<'de> Visitor<'de> for Weigher {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a document")
    }

    fn visit_bool<E>(self, _: bool) -> Result<usize, E> {
        Ok(VALUE)
    }

    fn visit_i64<E>(self, _: i64) -> Result<usize, E> {
        Ok(VALUE)
    }

    fn visit_i128<E>(self, _: i128) -> Result<usize, E> {
        Ok(VALUE)
    }

    fn visit_u64<E>(self, _: u64) -> Result<usize, E> {
        Ok(VALUE)
    }

    fn visit_u128<E>(self, _: u128) -> Result<usize, E> {
        Ok(VALUE)
    }

    fn visit_f64<E>(self, _: f64) -> Result<usize, E> {
        Ok(VALUE)
    }

    fn visit_unit<E>(self) -> Result<usize, E> {
        Ok(VALUE)
    }

    fn visit_none<E>(self) -> Result<usize, E> {
        Ok(VALUE)
    }

    fn visit_str<E>(self, text: &str) -> Result<usize, E> {
        Ok(of_text(text.len()))
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<usize, E> {
        Ok(of_text(bytes.len()))
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<usize, D::Error> {
        from.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut members: A) -> Result<usize, A::Error> {
        let mut weight = VALUE;
        while let Some(Weight(member)) = members.next_element()? {
            weight += member;
        }
        Ok(weight)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<usize, A::Error> {
        let (mut weight, mut count) = (VALUE, 0);
        while let Some((Weight(name), Weight(field))) = fields.next_entry()? {
            weight += name + field;
            count += 1;
        }
        Ok(weight + nodes(count))
    }

    /// What CBOR says with a tag.
    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<usize, A::Error> {
        let (Weight(tag), tagged) = tagged.variant()?;
        let Weight(content) = tagged.newtype_variant()?;
        Ok(tag + content)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_weighs_the_same_before_and_after_it_is_made() {
        for document in [
            json!(null),
            json!("text"),
            json!([1, -1, 0.5, true, null, "a", []]),
            json!({"a": {}, "b": [{"c": "d"}], "e": 1, "f": 2, "g": 3, "h": 4, "i": 5}),
        ] {
            let Weight(before) = serde_json::from_str(&document.to_string()).unwrap();
            assert_eq!(before, of(&document), "{document}");
            let mut bytes = Vec::new();
            ciborium::into_writer(&document, &mut bytes).unwrap();
            let Weight(before) = ciborium::from_reader(&*bytes).unwrap();
            assert_eq!(before, of(&document), "{document} in CBOR");
        }
    }

    #[test]
    fn small_objects_weigh_a_hundred_times_what_they_take_on_the_wire() {
        let text = format!("[{}{{\"\":0}}]", "{\"\":0},".repeat(999));
        let Weight(weight) = serde_json::from_str(&text).unwrap();
        assert!(weight > 80 * text.len(), "{weight}");
    }

    #[test]
    fn tags_and_byte_strings_of_cbor_are_weighed_too() {
        for bytes in [&[0xc1, 0x00][..], &[0x41, 1], &[0x81, 0xc1, 0x80]] {
            let weight = ciborium::from_reader::<Weight, _>(bytes);
            assert!(weight.is_ok_and(|Weight(weight)| weight > 0), "{bytes:x?}");
        }
    }
}
