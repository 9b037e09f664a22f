//! Trees of JSON, read in one place: what reads one is compiled once for each crate and source that calls
//! `serde_json` itself, twenty kilobytes a time.

use bytes::{BufMut as _, BytesMut};
use serde::Serialize;
use serde_json::error::Error;
use serde_json::{Map, Value};

/// Reads a document.
///
/// # Errors
/// When it is not one.
pub fn read(json: &[u8]) -> Result<Value, Error> {
    match std::str::from_utf8(json) {
        Ok(json) => read_text(json),
        Err(error) => Err(serde::de::Error::custom(error)),
    }
}

/// Reads a document.
///
/// # Errors
/// When it is not one.
pub fn read_text(json: &str) -> Result<Value, Error> {
    serde_json::from_str(json)
}

/// What a value is written as, read again.
///
/// # Errors
/// When the value cannot be written as JSON.
pub fn of(value: &impl Serialize) -> Result<Value, Error> {
    let mut json = BytesMut::new();
    serde_json::to_writer((&mut json).writer(), value)?;
    read(&json)
}

/// A tree as text. Its `Display` would be a second writer of JSON in every program, and one that is slower.
#[must_use]
pub fn text(value: &Value) -> String {
    // What most actions answer.
    if value.is_null() {
        return "null".to_owned();
    }
    let mut json = BytesMut::new();
    // What is in memory is always written, and as UTF-8.
    let _ = serde_json::to_writer((&mut json).writer(), value);
    String::from_utf8(json.into()).unwrap_or_default()
}

/// An object of these fields.
#[must_use]
pub fn object(fields: Vec<(&str, Value)>) -> Value {
    let mut object = Map::new();
    for (key, value) in fields {
        set(&mut object, key, value);
    }
    Value::Object(object)
}

/// Sets a field of an object. Never in line: so many places do that it would be a tenth of the schemas' code.
#[inline(never)]
pub fn set(object: &mut Map<String, Value>, key: &str, value: Value) {
    object.insert(key.to_owned(), value);
}
