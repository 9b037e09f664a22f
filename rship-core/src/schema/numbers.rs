//! The ranges of integers, which `schemars` leaves out for the wide ones.

use serde_json::Value;

use super::profile::Schema;

/// The range of an integer format; of the 128 bit ones, what a JSON number in memory can hold.
pub(crate) fn range_of(format: &str) -> Option<(Value, Value)> {
    Some(match format {
        "int8" => (i8::MIN.into(), i8::MAX.into()),
        "int16" => (i16::MIN.into(), i16::MAX.into()),
        "int32" => (i32::MIN.into(), i32::MAX.into()),
        "int64" => (i64::MIN.into(), i64::MAX.into()),
        "int" => (isize::MIN.into(), isize::MAX.into()),
        "uint8" => (u8::MIN.into(), u8::MAX.into()),
        "uint16" => (u16::MIN.into(), u16::MAX.into()),
        "uint32" => (u32::MIN.into(), u32::MAX.into()),
        "uint64" => (u64::MIN.into(), u64::MAX.into()),
        "uint" => (usize::MIN.into(), usize::MAX.into()),
        "int128" => (i64::MIN.into(), u64::MAX.into()),
        "uint128" => (0.into(), u64::MAX.into()),
        _ => return None,
    })
}

/// Without a range, a schema accepts an integer that the decoder refuses. What is written may be
/// larger than what can be read: 128 bits are.
pub(super) fn add_range(schema: &mut Schema, is_argument: bool) {
    if schema.get("type").and_then(Value::as_str) != Some("integer") {
        return;
    }
    let range = schema
        .get("format")
        .and_then(Value::as_str)
        .filter(|format| is_argument || !format.ends_with("128"))
        .and_then(range_of);
    if let Some((minimum, maximum)) = range {
        schema.entry("minimum").or_insert(minimum);
        schema.entry("maximum").or_insert(maximum);
    }
}
