//! From JSON text to CBOR in one pass, without a tree in between.

use std::fmt;

use cbor4ii::core::{major, marker};
use serde::de::{self, DeserializeSeed, Deserializer as _, MapAccess, SeqAccess, Visitor};

use super::put;

/// Under this name serde_json hands out numbers when its feature `arbitrary_precision` is on, which
/// any crate of a device may turn on for all.
const NUMBER: &str = "$serde_json::private::Number";

/// Appends the document.
pub(super) fn transcode(json: &[u8], out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
    let json = std::str::from_utf8(json).map_err(de::Error::custom)?;
    let mut reader = serde_json::Deserializer::from_str(json);
    reader.deserialize_any(Transcode(out))?;
    reader.end()
}

struct Transcode<'o>(&'o mut Vec<u8>);

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
        self.0.push(marker::NULL);
        Ok(())
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<(), E> {
        self.0
            .push(if value { marker::TRUE } else { marker::FALSE });
        Ok(())
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<(), E> {
        put::head(major::UNSIGNED, value, self.0);
        Ok(())
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<(), E> {
        match u64::try_from(value) {
            Ok(value) => put::head(major::UNSIGNED, value, self.0),
            // CBOR counts negative numbers down from -1, which is the complement.
            Err(_) => put::head(major::NEGATIVE, (!value).cast_unsigned(), self.0),
        }
        Ok(())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<(), E> {
        put::float(value, self.0);
        Ok(())
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<(), E> {
        put::string(value, self.0);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let start = put::open(self.0);
        let mut count = 0;
        while members.next_element_seed(Transcode(self.0))?.is_some() {
            count += 1;
        }
        put::close(start, major::ARRAY, count, self.0);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let start = put::open(self.0);
        let mut count = 0;
        while let Some(key) = fields.next_key_seed(Key(self.0))? {
            if key == KeyKind::Number && count == 0 {
                let text: String = fields.next_value()?;
                self.0.truncate(start);
                return number(&text, self.0);
            }
            fields.next_value_seed(Transcode(self.0))?;
            count += 1;
        }
        put::close(start, major::MAP, count, self.0);
        Ok(())
    }
}

/// Writes a number that came as its text.
fn number<E: de::Error>(text: &str, out: &mut Vec<u8>) -> Result<(), E> {
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

struct Key<'o>(&'o mut Vec<u8>);

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
        put::string(name, self.0);
        Ok(if name == NUMBER {
            KeyKind::Number
        } else {
            KeyKind::Name
        })
    }
}
