//! From a checked payload to a Rust value, with the way to what does not fit.

use std::borrow::Borrow;

use serde::de::DeserializeOwned;
use serde_json::{Error, Value};
use serde_path_to_error::{Path, Segment};

use super::culprit::{self, Step};
use super::error::{Got, PayloadError, cut};
use super::number::as_integer;
use super::path::{push_index, push_key};

/// A reason holds the value that was refused, which may be megabytes.
const LONGEST_REASON: usize = 200;

/// Decodes an argument. `prefix` is its name, and the beginning of the path in an error.
///
/// Floats without a fraction are taken for integers where the type asks for that, also in places
/// that the schema leaves open (maps, tuples).
///
/// # Errors
/// Where in the value the type refused it, with the reason that it gave.
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
    let error = match serde_path_to_error::deserialize::<_, T>(&whole) {
        Ok(decoded) => return Ok(decoded),
        Err(error) => error,
    };
    let way = steps(error.path());
    Err(refused(prefix, &whole, way, error.inner(), &|tried| {
        T::deserialize(tried).err()
    }))
}

/// Says what a decoder refused; `try_it` asks it again. Compiled once, and not for each type.
fn refused(
    prefix: &str,
    whole: &Value,
    way: Vec<Step>,
    error: &Error,
    try_it: &dyn Fn(&Value) -> Option<Error>,
) -> PayloadError {
    let reason = error.to_string();
    let way = culprit::find(whole, &way, &reason, try_it).unwrap_or(way);
    PayloadError {
        path: written(prefix, &way),
        expected: String::new(),
        got: Got::Refused(cut(&reason, LONGEST_REASON)),
    }
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

/// The way to where the decoder was.
fn steps(path: &Path) -> Vec<Step> {
    let known = path.iter().map_while(|segment| match segment {
        Segment::Seq { index } => Some(Step::Index(*index)),
        Segment::Map { key } | Segment::Enum { variant: key } => Some(Step::Key(key.clone())),
        // What is inside of it was not found out.
        Segment::Unknown => None,
    });
    known.collect()
}

/// The path in writing.
fn written(prefix: &str, way: &[Step]) -> String {
    let mut written = prefix.to_owned();
    for step in way {
        match step {
            Step::Index(index) => push_index(&mut written, *index),
            Step::Key(key) => push_key(&mut written, key),
        }
    }
    written
}
