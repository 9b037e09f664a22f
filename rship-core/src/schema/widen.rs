//! Two schemas of which one holds, written as one that accepts both.

use serde_json::{Value, json};

use super::choices;
use super::null_example;
use super::profile::Schema;
use crate::json::set;

/// The smallest schema of the profile that accepts what `one` and what `other` accepts; fields that
/// only one of them has keep their schema.
pub(super) fn widen(one: &Schema, other: &Schema) -> Schema {
    if one == other {
        return one.clone();
    }
    let mut out = Schema::new();
    let shared = shared_type(one, other);
    if let Some(name) = shared {
        set(&mut out, "type", json!(name));
        widen_values(one, other, &mut out);
        widen_bounds(one, other, &mut out);
        if let (Some(one), Some(other)) = (object(one, "items"), object(other, "items")) {
            set(&mut out, "items", Value::Object(widen(one, other)));
        }
    }
    widen_fields(one, other, shared.is_some(), &mut out);
    if [one, other]
        .iter()
        .any(|schema| null_example::is_in(schema))
    {
        null_example::write(&mut out);
    }
    for (key, value) in one {
        if !HANDLED.contains(&key.as_str()) && other.get(key) == Some(value) {
            out.insert(key.clone(), value.clone());
        }
    }
    out
}

/// Everything else is kept where both sides say the same.
const HANDLED: [&str; 8] = [
    "type",
    "enum",
    "const",
    "oneOf",
    "properties",
    "required",
    "additionalProperties",
    "items",
];

fn type_of(schema: &Schema) -> Option<&str> {
    schema.get("type").and_then(Value::as_str)
}

fn shared_type<'a>(one: &'a Schema, other: &'a Schema) -> Option<&'a str> {
    match (type_of(one)?, type_of(other)?) {
        (one, other) if one == other => Some(one),
        ("integer", "number") | ("number", "integer") => Some("number"),
        _ => None,
    }
}

fn widen_values(one: &Schema, other: &Schema, out: &mut Schema) {
    if let (Some(one), Some(other)) = (choices::read(one), choices::read(other)) {
        choices::write(&choices::union(one, other), out);
    } else if let (Some(mut values), Some(more)) = (values(one), values(other)) {
        for value in more {
            if !values.contains(&value) {
                values.push(value);
            }
        }
        set(out, "enum", Value::Array(values));
    }
}

fn values(schema: &Schema) -> Option<Vec<Value>> {
    match schema.get("const") {
        Some(value) => Some(vec![value.clone()]),
        None => schema.get("enum").and_then(Value::as_array).cloned(),
    }
}

fn widen_bounds(one: &Schema, other: &Schema, out: &mut Schema) {
    let lower = ["minimum", "minLength", "minItems", "minProperties"];
    let upper = ["maximum", "maxLength", "maxItems", "maxProperties"];
    for (keys, want_first_smaller) in [(lower, true), (upper, false)] {
        for key in keys {
            widen_bound(one, other, key, want_first_smaller, out);
        }
    }
}

// Never in line: the loop around it is unrolled.
#[inline(never)]
fn widen_bound(
    one: &Schema,
    other: &Schema,
    key: &str,
    want_first_smaller: bool,
    out: &mut Schema,
) {
    if let (Some(Value::Number(a)), Some(Value::Number(b))) = (one.get(key), other.get(key)) {
        let first_smaller = crate::payload::compare(a, b).is_some_and(std::cmp::Ordering::is_lt);
        let wider = if first_smaller == want_first_smaller {
            a
        } else {
            b
        };
        set(out, key, Value::Number(wider.clone()));
    }
}

fn widen_fields(one: &Schema, other: &Schema, same_type: bool, out: &mut Schema) {
    match (fields(one), fields(other)) {
        (Some(one_fields), Some(other_fields)) => {
            let mut properties = one_fields;
            for (name, field) in other_fields {
                let field = match (properties.remove(&name), field) {
                    (Some(Value::Object(one)), Value::Object(other)) => {
                        Value::Object(widen(&one, &other))
                    }
                    (_, field) => field,
                };
                properties.insert(name, field);
            }
            insert_fields(properties, out);
            if same_type {
                keep_required(one, other, out);
                let closed = "additionalProperties";
                if one.contains_key(closed) && other.contains_key(closed) {
                    set(out, closed, json!(false));
                }
            }
        }
        // What is not an object is not judged by its fields, so they hold beside any other type.
        (Some(fields), None) if !may_be_object(other) => insert_fields(fields, out),
        (None, Some(fields)) if !may_be_object(one) => insert_fields(fields, out),
        _ => {}
    }
}

fn insert_fields(fields: Schema, out: &mut Schema) {
    if !fields.is_empty() {
        set(out, "properties", Value::Object(fields));
    }
}

fn keep_required(one: &Schema, other: &Schema, out: &mut Schema) {
    let names = |schema: &Schema| {
        schema
            .get("required")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    };
    let mut required = names(one);
    let also = names(other);
    required.retain(|name| also.contains(name));
    if !required.is_empty() {
        set(out, "required", Value::Array(required));
    }
}

/// The fields of what may be an object and says which it has.
fn fields(schema: &Schema) -> Option<Schema> {
    match (type_of(schema), object(schema, "properties")) {
        (Some("object"), None) => Some(Schema::new()),
        (Some("object") | None, Some(fields)) => Some(fields.clone()),
        _ => None,
    }
}

fn may_be_object(schema: &Schema) -> bool {
    type_of(schema).is_none_or(|name| name == "object")
}

fn object<'a>(schema: &'a Schema, key: &str) -> Option<&'a Schema> {
    schema.get(key).and_then(Value::as_object)
}
