//! From CBOR to a document, with nothing in it that JSON could not say.

use std::borrow::Cow;

use cbor4ii::core::dec::{self, Decode, Read as _};
use cbor4ii::core::types::{Array, F16, Map, Negative};
use cbor4ii::core::utils::SliceReader;
use cbor4ii::core::{major, marker};
use serde_json::{Number, Value};

/// As deep as serde_json reads text: what comes in on one wire comes in on the other.
const DEPTH: usize = 127;

/// Why bytes are not a document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CborError {
    /// The bytes are not CBOR: they end too early, or a head has no meaning.
    #[error("the bytes are not CBOR: {0}")]
    Malformed(String),
    /// Something that CBOR can say and JSON cannot.
    #[error("{0} has no place in a frame")]
    NoJson(&'static str),
    /// Arrays and maps in each other, too many.
    #[error("it nests deeper than {DEPTH} levels")]
    Depth,
    /// Bytes after the end of the document.
    #[error("bytes follow after the end of the document")]
    Trailing,
}

pub(super) fn document(bytes: &[u8]) -> Result<Value, CborError> {
    let mut reader = SliceReader::new(bytes);
    let value = value(&mut reader, DEPTH)?;
    match first(&mut reader) {
        Ok(_) => Err(CborError::Trailing),
        Err(_) => Ok(value),
    }
}

fn value(reader: &mut SliceReader<'_>, depth: usize) -> Result<Value, CborError> {
    let head = first(reader)?;
    match dec::if_major(head) {
        major::UNSIGNED => Ok(read::<u64>(reader)?.into()),
        major::NEGATIVE => {
            let Negative(below) = read::<Negative<u64>>(reader)?;
            Ok(match i64::try_from(below) {
                Ok(below) => Value::from(!below),
                // What does not fit is a float, as in JSON text.
                Err(_) => Value::from(-1.0 - below as f64),
            })
        }
        major::BYTES => Err(CborError::NoJson("a byte string")),
        major::STRING => Ok(Value::String(read::<Cow<'_, str>>(reader)?.into_owned())),
        major::ARRAY => array(reader, deeper(depth)?),
        major::MAP => map(reader, deeper(depth)?),
        major::TAG => Err(CborError::NoJson("a tag")),
        _ => simple(reader, head),
    }
}

fn array(reader: &mut SliceReader<'_>, depth: usize) -> Result<Value, CborError> {
    let mut members = Members::new(Array::len(reader).map_err(malformed)?);
    let mut array = Vec::new();
    while members.more(reader)? {
        array.push(value(reader, depth)?);
    }
    Ok(Value::Array(array))
}

fn map(reader: &mut SliceReader<'_>, depth: usize) -> Result<Value, CborError> {
    let mut members = Members::new(Map::len(reader).map_err(malformed)?);
    let mut map = serde_json::Map::new();
    while members.more(reader)? {
        if dec::if_major(first(reader)?) != major::STRING {
            return Err(CborError::NoJson("a key that is not a string"));
        }
        let name = read::<Cow<'_, str>>(reader)?.into_owned();
        map.insert(name, value(reader, depth)?);
    }
    Ok(Value::Object(map))
}

fn simple(reader: &mut SliceReader<'_>, head: u8) -> Result<Value, CborError> {
    let float = match head {
        marker::FALSE | marker::TRUE => return Ok(read::<bool>(reader)?.into()),
        marker::NULL => {
            reader.advance(1);
            return Ok(Value::Null);
        }
        marker::UNDEFINED => return Err(CborError::NoJson("`undefined`")),
        marker::F16 => {
            let F16(bits) = read::<F16>(reader)?;
            half(bits)
        }
        marker::F32 => read::<f32>(reader)?.into(),
        marker::F64 => read::<f64>(reader)?,
        _ => return Err(CborError::NoJson("a simple value of no known meaning")),
    };
    let number = Number::from_f64(float).ok_or(CborError::NoJson("a number that is not finite"))?;
    Ok(number.into())
}

/// The members still to come: a number of them, or all up to the break.
struct Members(Option<usize>);

impl Members {
    fn new(length: Option<usize>) -> Self {
        Self(length)
    }

    fn more(&mut self, reader: &mut SliceReader<'_>) -> Result<bool, CborError> {
        match &mut self.0 {
            Some(0) => Ok(false),
            Some(left) => {
                *left -= 1;
                Ok(true)
            }
            None => Ok(!dec::is_break(reader).map_err(malformed)?),
        }
    }
}

/// A float of 16 bits, which every finite float of 64 bits of the same value equals.
fn half(bits: u16) -> f64 {
    let fraction = f64::from(bits & 0x3ff);
    let size = match (bits >> 10) & 0x1f {
        0 => fraction * 2f64.powi(-24),
        0x1f if fraction == 0.0 => f64::INFINITY,
        0x1f => f64::NAN,
        exponent => (1024.0 + fraction) * 2f64.powi(i32::from(exponent) - 25),
    };
    if bits & 0x8000 == 0 { size } else { -size }
}

fn first(reader: &mut SliceReader<'_>) -> Result<u8, CborError> {
    match reader.fill(1) {
        Ok(bytes) => {
            let first = bytes.as_ref().first().copied();
            first.ok_or_else(|| CborError::Malformed("they end too early".to_owned()))
        }
        Err(never) => Err(malformed(never)),
    }
}

fn read<'b, T: Decode<'b>>(reader: &mut SliceReader<'b>) -> Result<T, CborError> {
    T::decode(reader).map_err(malformed)
}

fn malformed(error: impl std::fmt::Display) -> CborError {
    CborError::Malformed(error.to_string())
}

fn deeper(depth: usize) -> Result<usize, CborError> {
    depth.checked_sub(1).ok_or(CborError::Depth)
}
