//! Values with their numbers as they are published: an `f32` by its own shortest digits, not by those of the
//! `f64` next to it.

use serde::Serialize;
use serde_json::Value;

use crate::change::with_scratch;
use crate::json;

/// `value` as JSON in memory: `0.1_f32` is 0.1, where `serde_json::to_value` makes 0.10000000149011612 of it.
pub(crate) fn to_value<T: Serialize + ?Sized>(value: &T) -> Result<Value, serde_json::Error> {
    let exact = serde_json::to_value(value)?;
    if !has_fraction(&exact) {
        return Ok(exact);
    }
    let written = with_scratch(|json| {
        serde_json::to_writer(&mut *json, value)?;
        json::read(json)
    });
    // What is nested too deep for reading keeps its long digits.
    Ok(written.unwrap_or(exact))
}

fn has_fraction(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64(),
        Value::Array(items) => items.iter().any(has_fraction),
        Value::Object(fields) => fields.values().any(has_fraction),
        Value::Null | Value::Bool(_) | Value::String(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_f32_keeps_its_own_digits_and_an_f64_all_of_its_own() {
        assert_eq!(to_value(&[0.1_f32, 0.7]).unwrap(), json!([0.1, 0.7]));
        let close = 0.1 + 0.2;
        assert_eq!(to_value(&close).unwrap(), json!(close));
        assert_eq!(to_value(&u64::MAX).unwrap(), json!(u64::MAX));
        assert!(
            to_value(&u128::MAX).is_err(),
            "nothing is rounded in silence"
        );
    }
}
