//! How much memory a value takes.

use serde_json::Value;

/// About how much memory a value takes, in bytes.
pub(crate) fn weight(value: &Value) -> usize {
    let below = match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(weight).sum(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| AROUND_A_FIELD + name.len() + weight(value))
            .sum(),
    };
    size_of::<Value>() + below
}

/// What a field of an object takes beside its name and its value, in bytes: a key, and its share of a
/// tree's node.
const AROUND_A_FIELD: usize = 3 * size_of::<String>();
