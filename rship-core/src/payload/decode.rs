//! From a checked payload to a Rust value, with the way to what does not fit.

use std::borrow::Borrow;

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;

use super::error::{Got, PayloadError, count, cut, describe};
use super::number::as_integer;
use super::path::{push_index, push_key};

/// Decodes an argument. `prefix` is its name, and the beginning of the path in an error.
///
/// Floats without a fraction are taken for integers where the type asks for that, also in places
/// that the schema leaves open (maps, tuples).
///
/// # Errors
/// Where in the value what was expected, and what is there.
pub fn decode<T: DeserializeOwned>(
    prefix: &str,
    value: impl Borrow<Value>,
) -> Result<T, PayloadError> {
    decode_ref(prefix, value.borrow())
}

fn decode_ref<T: DeserializeOwned>(prefix: &str, value: &Value) -> Result<T, PayloadError> {
    if let Ok(decoded) = T::deserialize(value) {
        return Ok(decoded);
    }
    let mut whole = value.clone();
    if make_whole(&mut whole)
        && let Ok(decoded) = T::deserialize(&whole)
    {
        return Ok(decoded);
    }
    // Only what fails pays for knowing where.
    serde_path_to_error::deserialize(value).map_err(|error| {
        let (path, at) = locate(prefix, value, error.path());
        let last_key = match error.path().iter().next_back() {
            Some(Segment::Map { key }) => Some(key.as_str()),
            _ => None,
        };
        explain(path, last_key, at, &error.inner().to_string())
    })
}

/// Whether there was a float without a fraction.
fn make_whole(value: &mut Value) -> bool {
    match value {
        Value::Number(number) if number.is_f64() => match as_integer(number) {
            Some(integer) => {
                *value = integer;
                true
            }
            None => false,
        },
        Value::Array(items) => items
            .iter_mut()
            .fold(false, |any, item| make_whole(item) | any),
        Value::Object(fields) => fields
            .values_mut()
            .fold(false, |any, field| make_whole(field) | any),
        _ => false,
    }
}

/// The path in writing, and the value it leads to, if there is one.
fn locate<'a>(
    prefix: &str,
    value: &'a Value,
    path: &serde_path_to_error::Path,
) -> (String, Option<&'a Value>) {
    let mut written = prefix.to_owned();
    let mut at = Some(value);
    for segment in path {
        match segment {
            Segment::Seq { index } => {
                push_index(&mut written, *index);
                at = at.and_then(|value| value.get(index));
            }
            Segment::Map { key } | Segment::Enum { variant: key } => {
                push_key(&mut written, key);
                at = at.and_then(|value| value.get(key));
            }
            Segment::Unknown => at = None,
        }
    }
    (written, at)
}

/// Turns the sentence of a decoder, which speaks to programmers, into one for who sent the value.
fn explain(
    mut path: String,
    last_key: Option<&str>,
    at: Option<&Value>,
    reason: &str,
) -> PayloadError {
    let got = |otherwise: &str| Got::Value(at.map_or_else(|| cut(otherwise), describe));
    if let Some(field) = named_after(reason, "missing field ") {
        push_key(&mut path, field);
        return PayloadError {
            path,
            expected: String::new(),
            got: Got::Missing,
        };
    }
    if let Some(field) = named_after(reason, "unknown field ") {
        if last_key != Some(field) {
            push_key(&mut path, field);
        }
        let expected = reason.split_once(", expected ").map(|(_, known)| known);
        return PayloadError {
            path,
            expected: expected.unwrap_or("no arguments here").to_owned(),
            got: Got::Unknown,
        };
    }
    let expectation = [
        "invalid type: ",
        "invalid value: ",
        "invalid length ",
        "unknown variant ",
    ]
    .iter()
    .find_map(|start| reason.strip_prefix(start))
    .and_then(|rest| rest.split_once(", expected "));
    match expectation {
        Some((came, expected)) => PayloadError {
            path,
            expected: in_words(expected),
            got: got(came),
        },
        None => PayloadError {
            path,
            expected: String::new(),
            got: Got::Refused(match at {
                // What came says nothing about this one.
                _ if reason.starts_with("duplicate field ") => reason.to_owned(),
                Some(value) => format!("{reason}, got {}", describe(value)),
                None => reason.to_owned(),
            }),
        },
    }
}

fn named_after<'a>(reason: &'a str, start: &str) -> Option<&'a str> {
    reason
        .strip_prefix(start)?
        .strip_prefix('`')?
        .split('`')
        .next()
}

fn in_words(expected: &str) -> String {
    let length = ["a tuple of size ", "an array of length "]
        .iter()
        .find_map(|start| expected.strip_prefix(start)?.parse().ok());
    if let Some(length) = length {
        return format!("a list of {}", count(length, "item"));
    }
    match expected {
        "f32" | "f64" => "a number".to_owned(),
        "i8" => integers(i8::MIN, i8::MAX),
        "u8" => integers(u8::MIN, u8::MAX),
        "i16" => integers(i16::MIN, i16::MAX),
        "u16" => integers(u16::MIN, u16::MAX),
        "i32" => integers(i32::MIN, i32::MAX),
        "u32" => integers(u32::MIN, u32::MAX),
        "i64" | "isize" => integers(i64::MIN, i64::MAX),
        "u64" | "usize" => integers(u64::MIN, u64::MAX),
        "i128" | "u128" => "an integer".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a string" | "path string" => "a text".to_owned(),
        "a character" => "a text of 1 character".to_owned(),
        "a sequence" => "a list".to_owned(),
        "unit" => "null".to_owned(),
        _ if expected.starts_with("unit struct ") => "null".to_owned(),
        "a map" => "an object".to_owned(),
        _ if expected.starts_with("struct ") => "an object".to_owned(),
        _ => expected.replace('`', "\""),
    }
}

fn integers(from: impl std::fmt::Display, to: impl std::fmt::Display) -> String {
    format!("an integer from {from} to {to}")
}
