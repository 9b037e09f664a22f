//! How an optional place without a type says that null is a value there, not an absence.
//!
//! Servers send null for what is left out. Under most names that is what it means, but an enum's
//! content may itself be null; `examples` is the one keyword that can say so to every reader.

use serde_json::{Value, json};

use super::profile::Schema;
use crate::json::set;

pub(super) fn write(schema: &mut Schema) {
    set(schema, "examples", json!([null]));
}

/// Whether null is shown as an example.
pub(crate) fn is_in(schema: &Schema) -> bool {
    schema
        .get("examples")
        .and_then(Value::as_array)
        .is_some_and(|examples| examples.contains(&Value::Null))
}
