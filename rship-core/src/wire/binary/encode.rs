//! From JSON text to CBOR in one pass, without a tree in between.

use std::convert::Infallible;
use std::fmt;

use cbor4ii::core::enc::{self, Encode};
use cbor4ii::core::types::{Array, Map, Negative, Null};
use serde::de::{self, DeserializeSeed, Deserializer as _, MapAccess, SeqAccess, Visitor};

/// Under this name serde_json hands out numbers when its feature `arbitrary_precision` is on, which
/// any crate of a device may turn on for all.
const NUMBER: &str = "$serde_json::private::Number";

pub(super) fn transcode(json: &[u8]) -> Result<Vec<u8>, serde_json::Error> {
    // CBOR of a frame is smaller than its text in all but odd cases.
    let mut out = Out(Vec::with_capacity(json.len()));
    let mut reader = serde_json::Deserializer::from_slice(json);
    reader.deserialize_any(Transcode(&mut out))?;
    reader.end()?;
    Ok(out.0)
}

struct Out(Vec<u8>);

impl enc::Write for Out {
    type Error = Infallible;

    fn push(&mut self, input: &[u8]) -> Result<(), Infallible> {
        self.0.extend_from_slice(input);
        Ok(())
    }
}

impl Out {
    fn value<E: de::Error>(&mut self, value: impl Encode) -> Result<(), E> {
        value.encode(self).map_err(never)
    }

    /// Leaves room for the head of an array or a map, whose length is known only at its end.
    fn open(&mut self) -> usize {
        let start = self.0.len();
        self.0.push(0);
        start
    }

    fn close(&mut self, start: usize, head: Out) {
        // Up to 23 members fit into the room; more move what was written by a few bytes.
        self.0.splice(start..=start, head.0);
    }
}

fn never<E: de::Error>(error: enc::Error<Infallible>) -> E {
    match error {
        enc::Error::Write(never) => match never {},
        // The library may come to know further errors.
        other => E::custom(other),
    }
}

struct Transcode<'o>(&'o mut Out);

impl<'de> DeserializeSeed<'de> for Transcode<'_> {
    type Value = ();

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Transcode<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        self.0.value(Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<(), E> {
        self.0.value(value)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<(), E> {
        self.0.value(value)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<(), E> {
        match u64::try_from(value) {
            Ok(value) => self.0.value(value),
            // CBOR counts negative numbers down from -1, which is the complement.
            Err(_) => self.0.value(Negative((!value).cast_unsigned())),
        }
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<(), E> {
        self.0.value(value)
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<(), E> {
        self.0.value(value)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let start = self.0.open();
        let mut count = 0;
        while members.next_element_seed(Transcode(self.0))?.is_some() {
            count += 1;
        }
        let mut head = Out(Vec::new());
        Array::bounded(count, &mut head).map_err(never)?;
        self.0.close(start, head);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let start = self.0.open();
        let mut count = 0;
        while let Some(key) = fields.next_key_seed(Key(self.0))? {
            if key == KeyKind::Number && count == 0 {
                let text: String = fields.next_value()?;
                self.0.0.truncate(start);
                return number(&text, self.0);
            }
            fields.next_value_seed(Transcode(self.0))?;
            count += 1;
        }
        let mut head = Out(Vec::new());
        Map::bounded(count, &mut head).map_err(never)?;
        self.0.close(start, head);
        Ok(())
    }
}

/// Writes a number that came as its text.
fn number<E: de::Error>(text: &str, out: &mut Out) -> Result<(), E> {
    if let Ok(value) = text.parse::<u64>() {
        return Transcode(out).visit_u64(value);
    }
    if let Ok(value) = text.parse::<i64>() {
        return Transcode(out).visit_i64(value);
    }
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Transcode(out).visit_f64(value),
        _ => Err(E::custom("number out of range")),
    }
}

#[derive(PartialEq)]
enum KeyKind {
    Name,
    Number,
}

struct Key<'o>(&'o mut Out);

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = KeyKind;

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<KeyKind, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = KeyKind;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<KeyKind, E> {
        self.0.value(name)?;
        Ok(if name == NUMBER {
            KeyKind::Number
        } else {
            KeyKind::Name
        })
    }
}
