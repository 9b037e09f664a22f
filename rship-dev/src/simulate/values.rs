//! Values that fit a schema of the profile, and those that might follow.

use serde_json::{Map, Value};

use super::chance::Chance;
use super::{numbers, texts};

/// How often a choice is made anew, a text is, something that may be left out comes or goes, an array grows.
const CHOOSES: f64 = 0.15;
const RENAMES: f64 = 0.1;
const COMES: f64 = 0.05;
/// How many items an array has that may have any number.
const ITEMS: usize = 2;
/// The most items that are made, whatever a schema wants.
const MOST_ITEMS: usize = 1000;
/// How deep values go; what is below is left out where it may be.
const DEPTH: usize = 48;

/// A value of a schema.
pub(super) fn fresh(schema: &Value, chance: &mut Chance) -> Value {
    value(schema, None, chance, 0)
}

/// A value that might follow another one.
pub(super) fn next(schema: &Value, before: &Value, chance: &mut Chance) -> Value {
    value(schema, Some(before), chance, 0)
}

fn value(schema: &Value, before: Option<&Value>, chance: &mut Chance, depth: usize) -> Value {
    let Value::Object(schema) = schema else {
        return Value::Null;
    };
    if let Some(only) = schema.get("const") {
        return only.clone();
    }
    if let Some(Value::Array(choices)) = schema.get("enum") {
        return choice(choices, before, chance);
    }
    for key in ["oneOf", "anyOf"] {
        if let Some(Value::Array(all)) = schema.get(key) {
            return of_several(all, before, chance, depth);
        }
    }
    match kind(schema) {
        "boolean" => match before {
            Some(Value::Bool(before)) => (*before != chance.hits(CHOOSES)).into(),
            _ => chance.hits(0.5).into(),
        },
        "integer" => numbers::wander(schema, before, true, chance),
        "number" => numbers::wander(schema, before, false, chance),
        "string" => text(schema, before, chance),
        "array" => array(schema, before, chance, depth),
        "object" => object(schema, before, chance, depth),
        _ => Value::Null,
    }
}

/// The type of the values; where a schema says none, what its other keywords are about.
fn kind(schema: &Map<String, Value>) -> &str {
    match schema.get("type") {
        Some(Value::String(kind)) => return kind,
        Some(Value::Array(kinds)) => {
            let mut kinds = kinds.iter().filter_map(Value::as_str);
            return kinds.find(|kind| *kind != "null").unwrap_or_default();
        }
        _ => {}
    }
    let has = |keys: &[&str]| keys.iter().any(|key| schema.contains_key(*key));
    let format = schema.get("format").and_then(Value::as_str);
    if has(&["properties", "required"]) {
        "object"
    } else if has(&["items", "minItems", "maxItems"]) {
        "array"
    } else if has(&["minLength", "maxLength"]) {
        "string"
    } else if matches!(format, Some("double" | "float")) {
        "number"
    } else if format.is_some_and(|format| format.starts_with("int") || format.starts_with("uint")) {
        "integer"
    } else if has(&["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"]) {
        "number"
    } else {
        ""
    }
}

fn choice(choices: &[Value], before: Option<&Value>, chance: &mut Chance) -> Value {
    match before {
        Some(before) if !chance.hits(CHOOSES) && choices.contains(before) => before.clone(),
        _ => chance.one_of(choices).cloned().unwrap_or_default(),
    }
}

/// A value of one of several schemas.
fn of_several(all: &[Value], before: Option<&Value>, chance: &mut Chance, depth: usize) -> Value {
    let constants: Option<Vec<Value>> = all.iter().map(|one| one.get("const").cloned()).collect();
    if let Some(constants) = constants {
        return choice(&constants, before, chance);
    }
    let of_some: Vec<_> = all.iter().filter(|one| one["type"] != "null").collect();
    match chance.one_of(&of_some) {
        Some(schema) if depth < DEPTH => value(schema, None, chance, depth + 1),
        _ => Value::Null,
    }
}

fn text(schema: &Map<String, Value>, before: Option<&Value>, chance: &mut Chance) -> Value {
    let format = schema.get("format").and_then(Value::as_str);
    let moves = format.is_some_and(texts::is_clock) || chance.hits(RENAMES);
    match before {
        Some(Value::String(before)) if !moves => before.as_str().into(),
        _ => texts::fresh(schema, chance).into(),
    }
}

fn array(
    schema: &Map<String, Value>,
    before: Option<&Value>,
    chance: &mut Chance,
    depth: usize,
) -> Value {
    let least = texts::length(schema, "minItems").unwrap_or_default();
    let most = texts::length(schema, "maxItems").unwrap_or(usize::MAX);
    let anything = Value::Bool(true);
    let items = match schema.get("items") {
        Some(items) if depth < DEPTH => items,
        _ => &anything,
    };
    let is_set = schema.get("uniqueItems") == Some(&Value::Bool(true));
    let before = before
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    let mut count = if before.is_empty() {
        ITEMS
    } else {
        before.len()
    };
    if chance.hits(COMES) {
        count = if chance.hits(0.5) {
            count + 1
        } else {
            count.saturating_sub(1)
        };
    }
    let count = count
        .min(most)
        .min(2 * ITEMS.max(least))
        .max(least)
        .min(MOST_ITEMS);
    let mut all = Vec::with_capacity(count);
    for index in 0..count {
        let mut item = value(items, before.get(index), chance, depth + 1);
        // A set that wants more than its items can be is not made whole by any number of tries.
        for _ in 0..20 {
            if !is_set || !all.contains(&item) {
                break;
            }
            item = value(items, None, chance, depth + 1);
        }
        if !is_set || !all.contains(&item) {
            all.push(item);
        }
    }
    all.into()
}

fn object(
    schema: &Map<String, Value>,
    before: Option<&Value>,
    chance: &mut Chance,
    depth: usize,
) -> Value {
    let required = schema.get("required").and_then(Value::as_array);
    let required = required.map_or(&[][..], Vec::as_slice);
    let before = before.and_then(Value::as_object);
    let mut all = Map::new();
    if let Some(Value::Object(properties)) = schema.get("properties") {
        for (name, property) in properties {
            let known = before.and_then(|before| before.get(name));
            let is_required = required.iter().any(|one| one == name.as_str());
            let is_there = is_required
                || depth < DEPTH
                    && match before {
                        Some(_) => known.is_some() != chance.hits(COMES),
                        None => chance.hits(0.7),
                    };
            if is_there {
                all.insert(name.clone(), value(property, known, chance, depth + 1));
            }
        }
    }
    for name in required.iter().filter_map(Value::as_str) {
        if !all.contains_key(name) {
            all.insert(name.to_owned(), Value::Null);
        }
    }
    all.into()
}
