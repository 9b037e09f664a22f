//! From a schema of the profile to its rules.

use serde_json::{Number, Value};

use super::number::compare;
use super::rules::{Bound, Field, Fields, Kind, Length, Range, Rules};
use crate::few::Few;
use crate::schema::{has_null_example, range_of};

pub(super) fn rules(schema: &Value) -> Rules {
    let kind = kind(schema);
    Rules {
        kind,
        choices: choices(schema),
        range: range(schema),
        length: length(schema, "minLength", "maxLength"),
        items: schema
            .get("items")
            .filter(|items| items.is_object())
            .map(|items| Box::new(rules(items))),
        items_length: length(schema, "minItems", "maxItems"),
        fields: fields(schema, kind),
        null_is_a_value: schema.as_object().is_some_and(has_null_example),
    }
}

fn kind(schema: &Value) -> Option<Kind> {
    match schema.get("type")?.as_str()? {
        "boolean" => Some(Kind::Boolean),
        "integer" => Some(Kind::Integer),
        "number" => Some(Kind::Number),
        "string" => Some(Kind::String),
        "array" => Some(Kind::Array),
        "object" => Some(Kind::Object),
        _ => None,
    }
}

fn choices(schema: &Value) -> Box<[Value]> {
    let titled = |entries: &Vec<Value>| -> Option<Vec<Value>> {
        entries
            .iter()
            .map(|entry| entry.get("const").cloned())
            .collect()
    };
    if let Some(value) = schema.get("const") {
        Box::new([value.clone()])
    } else if let Some(Value::Array(values)) = schema.get("enum") {
        values.clone().into_boxed_slice()
    } else if let Some(values) = schema
        .get("oneOf")
        .and_then(Value::as_array)
        .and_then(titled)
    {
        values.into_boxed_slice()
    } else {
        Box::default()
    }
}

fn range(schema: &Value) -> Range {
    let from = tighter(
        bound(schema, "minimum", false),
        bound(schema, "exclusiveMinimum", true),
        true,
    );
    let to = tighter(
        bound(schema, "maximum", false),
        bound(schema, "exclusiveMaximum", true),
        false,
    );
    let single = is_single_precision(schema);
    if from.is_none() && to.is_none() && single {
        return single_precision();
    }
    Range {
        of_type: is_range_of_type(schema),
        single,
        from,
        to,
    }
}

fn is_single_precision(schema: &Value) -> bool {
    schema.get("format").and_then(Value::as_str) == Some("float")
}

/// Beyond this an `f32` is infinite, which no device means and no JSON can say. No schema says it:
/// a form with these bounds would be of no use.
fn single_precision() -> Range {
    let bound = |at: f32| {
        let at = Number::from_f64(f64::from(at))?;
        Some(Bound {
            at,
            exclusive: false,
        })
    };
    Range {
        of_type: true,
        single: false,
        from: bound(f32::MIN),
        to: bound(f32::MAX),
    }
}

fn bound(schema: &Value, key: &str, exclusive: bool) -> Option<Bound> {
    let at = schema.get(key)?.as_number()?.clone();
    Some(Bound { at, exclusive })
}

fn tighter(inclusive: Option<Bound>, exclusive: Option<Bound>, lower: bool) -> Option<Bound> {
    match (inclusive, exclusive) {
        (Some(inclusive), Some(exclusive)) => {
            let ordering = compare(&inclusive.at, &exclusive.at)?;
            let inclusive_wins = if lower {
                ordering.is_gt()
            } else {
                ordering.is_lt()
            };
            Some(if inclusive_wins { inclusive } else { exclusive })
        }
        (inclusive, exclusive) => inclusive.or(exclusive),
    }
}

/// Ranges that a person can read (`from 0 to 255`) are always told.
fn is_range_of_type(schema: &Value) -> bool {
    let narrow = ["int8", "uint8", "int16", "uint16"];
    let Some(format) = schema.get("format").and_then(Value::as_str) else {
        return false;
    };
    let range = if narrow.contains(&format) {
        None
    } else {
        range_of(format)
    };
    let at = |key: &str| schema.get(key).cloned().unwrap_or_default();
    range.is_some_and(|range| range == (at("minimum"), at("maximum")))
}

fn length(schema: &Value, from: &str, to: &str) -> Length {
    let limit = |key: &str| {
        let limit = schema
            .get(key)
            .and_then(Value::as_number)
            .and_then(Number::as_u64);
        limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX))
    };
    Length {
        from: limit(from),
        to: limit(to),
    }
}

fn fields(schema: &Value, kind: Option<Kind>) -> Option<Fields> {
    let properties = schema.get("properties").and_then(Value::as_object);
    if properties.is_none() && kind != Some(Kind::Object) {
        return None;
    }
    let mut named = Few::default();
    for (name, property) in properties.into_iter().flatten() {
        let field = Field {
            rules: rules(property),
            required: false,
        };
        named.insert(name.clone(), field);
    }
    let required = schema.get("required").and_then(Value::as_array);
    for name in required.into_iter().flatten().filter_map(Value::as_str) {
        let field = named.entry(name.to_owned(), || Field {
            rules: Rules::default(),
            required: true,
        });
        field.required = true;
    }
    Some(Fields {
        required: named.iter().filter(|(_, field)| field.required).count(),
        named,
        closed: schema.get("additionalProperties") == Some(&Value::Bool(false)),
    })
}
