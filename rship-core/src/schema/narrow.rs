//! Two schemas that both hold, written as one.

use serde_json::{Value, json};

use super::choices;
use super::profile::Schema;
use crate::json::set;

/// `base` and `more` at once; where only one of two assertions can be written, the result accepts more.
pub(super) fn narrow(mut base: Schema, mut more: Schema) -> Schema {
    narrow_fields(&mut base, &mut more);
    narrow_type(&mut base, &mut more);
    if more.contains_key("enum") || more.contains_key("const") {
        for key in ["enum", "const", "oneOf"] {
            base.remove(key);
        }
    }
    for (key, value) in more {
        base.entry(key).or_insert(value);
    }
    base
}

fn narrow_type(base: &mut Schema, more: &mut Schema) {
    let integer = json!("integer");
    if base.get("type") == Some(&json!("number")) && more.get("type") == Some(&integer) {
        set(base, "type", integer);
    }
    // A list of choices brings its own type.
    if choices::read(more).is_some() {
        base.remove("type");
    }
}

fn narrow_fields(base: &mut Schema, more: &mut Schema) {
    // Closed by one side alone, the fields of the other side would be refused.
    let closed = "additionalProperties";
    let both = base.contains_key(closed) && more.contains_key(closed);
    let one_declares_all = match (has_fields(base), has_fields(more)) {
        (true, true) => both,
        (true, false) => base.contains_key(closed),
        (false, true) => more.contains_key(closed),
        (false, false) => true,
    };
    if !one_declares_all {
        base.remove(closed);
        more.remove(closed);
    }

    if let Some(Value::Object(fields)) = more.remove("properties") {
        let mut known = match base.remove("properties") {
            Some(Value::Object(known)) => known,
            _ => Schema::new(),
        };
        for (name, field) in fields {
            let field = match (known.remove(&name), field) {
                (Some(Value::Object(one)), Value::Object(other)) => {
                    Value::Object(narrow(one, other))
                }
                (_, field) => field,
            };
            known.insert(name, field);
        }
        set(base, "properties", Value::Object(known));
    }

    if let Some(Value::Array(names)) = more.remove("required") {
        let required = base
            .entry("required")
            .or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(required) = required {
            for name in names {
                if !required.contains(&name) {
                    required.push(name);
                }
            }
        }
    }
}

fn has_fields(schema: &Schema) -> bool {
    schema.contains_key("properties")
}
