//! The keywords of one schema, without its combinations: types, enumerations, fields, items.

use serde_json::{Value, json};

use super::choices::{self, Choice};
use super::profile::{Profiled, Schema, Walk, list};
use super::{SchemaError, numbers};
use crate::json::set;

/// Keywords that are written anew, or that hold a schema which no server reads.
const REWRITTEN: [&str; 29] = [
    "definitions",
    "type",
    "enum",
    "const",
    "oneOf",
    "anyOf",
    "allOf",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "prefixItems",
    "not",
    "if",
    "then",
    "else",
    "contains",
    "minContains",
    "maxContains",
    "propertyNames",
    "patternProperties",
    "dependencies",
    "dependentRequired",
    "dependentSchemas",
    "unevaluatedItems",
    "unevaluatedProperties",
    "additionalItems",
    "contentSchema",
    // A set takes what it already holds: the decoder does not mind.
    "uniqueItems",
];

impl Walk<'_> {
    pub(super) fn keywords(&mut self, raw: &Schema) -> Result<Profiled, SchemaError> {
        let mut out = Schema::new();
        for (key, value) in raw {
            if is_carried(key, value) {
                set(&mut out, key, value.clone());
            }
        }
        let values = values(raw);
        let nullable = admits_null(raw) && values.as_ref().is_none_or(|v| v.contains(&Value::Null));
        if let Some(name) = single_type(raw) {
            set(&mut out, "type", json!(name));
        }
        if let Some(values) = values {
            enumerate(values, &mut out);
        }
        self.fields(raw, &mut out)?;
        self.items(raw, &mut out)?;
        numbers::add_range(&mut out, self.is_argument());
        Ok(Profiled {
            schema: out,
            nullable,
        })
    }

    fn fields(&mut self, raw: &Schema, out: &mut Schema) -> Result<(), SchemaError> {
        let patterns = raw.contains_key("patternProperties");
        let extra = raw.get("additionalProperties");
        let is_map = patterns || extra.is_some_and(|extra| *extra != Value::Bool(false));
        let fields = raw.get("properties").and_then(Value::as_object);
        let named: Vec<&str> = list(raw, "required")
            .iter()
            .filter_map(Value::as_str)
            .collect();

        let mut properties = Schema::new();
        let mut optional: Vec<&str> = Vec::new();
        for (name, field) in fields.into_iter().flatten() {
            let field = self.field(name, field)?;
            let schema = if named.contains(&name.as_str()) && is_typed(&field.schema) {
                if self.is_argument() {
                    // The decoder wants the key, so the null has to be said in place.
                    field.null_in_place()
                } else {
                    if field.nullable {
                        optional.push(name);
                    }
                    field.schema
                }
            } else {
                field.schema
            };
            properties.insert(name.clone(), Value::Object(schema));
        }
        let required: Vec<&str> = named
            .into_iter()
            .filter(|name| !optional.contains(name))
            .collect();

        if properties.is_empty() {
            if is_map {
                out.remove("type");
            }
        } else {
            set(out, "properties", Value::Object(properties));
        }
        if !required.is_empty() {
            set(out, "required", json!(required));
        }
        if extra.is_some() && !is_map {
            set(out, "additionalProperties", json!(false));
        }
        Ok(())
    }

    fn items(&mut self, raw: &Schema, out: &mut Schema) -> Result<(), SchemaError> {
        let members = match (raw.get("prefixItems"), raw.get("items")) {
            (Some(Value::Array(members)), _) | (None, Some(Value::Array(members))) => members,
            (_, Some(Value::Bool(false)) | None) => return Ok(()),
            (_, Some(item)) => {
                let item = self.schema(item)?.null_in_place();
                set(out, "items", Value::Object(item));
                return Ok(());
            }
        };
        let mut shared: Option<Schema> = None;
        for member in members {
            let member = self.schema(member)?.null_in_place();
            match &shared {
                None => shared = Some(member),
                Some(first) if same_values(first, &member) => {}
                Some(_) => {
                    // An array whose items differ: `minItems` and `maxItems` still say its length.
                    out.remove("type");
                    return Ok(());
                }
            }
        }
        if let Some(item) = shared {
            set(out, "items", Value::Object(item));
        }
        Ok(())
    }
}

fn is_carried(key: &str, value: &Value) -> bool {
    match key {
        "title" | "description" | "format" => value.is_string(),
        // Absent says the same, and a form that is filled with it would send a null.
        "default" => !value.is_null(),
        _ => !key.starts_with('$') && !REWRITTEN.contains(&key),
    }
}

fn types(raw: &Schema) -> Vec<&str> {
    match raw.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn admits_null(raw: &Schema) -> bool {
    let types = types(raw);
    types.is_empty() || types.contains(&"null")
}

/// The one type that is left without null; several are said by saying none.
fn single_type(raw: &Schema) -> Option<&str> {
    let mut types = types(raw);
    types.retain(|name| *name != "null");
    match types.as_slice() {
        [one] => Some(one),
        ["integer", "number"] | ["number", "integer"] => Some("number"),
        _ => None,
    }
}

fn values(raw: &Schema) -> Option<Vec<Value>> {
    match (raw.get("const"), raw.get("enum")) {
        (Some(value), _) => Some(vec![value.clone()]),
        (None, Some(Value::Array(values))) => Some(values.clone()),
        _ => None,
    }
}

fn enumerate(values: Vec<Value>, out: &mut Schema) {
    let values: Vec<Value> = values
        .into_iter()
        .filter(|value| !value.is_null())
        .collect();
    let texts: Option<Vec<&str>> = values.iter().map(Value::as_str).collect();
    if let (Some(texts), false) = (texts, values.is_empty()) {
        let choices: Vec<Choice> = texts.into_iter().map(Choice::new).collect();
        choices::write(&choices, out);
        return;
    }
    if !out.contains_key("type")
        && let Some(name) = common_type(&values)
    {
        set(out, "type", json!(name));
    }
    if out.get("type").and_then(Value::as_str) == Some("integer") {
        // A titled integer arrives as the string that is its title.
        out.remove("title");
    }
    match values.as_slice() {
        [] => {}
        [one] => {
            set(out, "const", one.clone());
        }
        _ => {
            set(out, "enum", Value::Array(values));
        }
    }
}

fn common_type(values: &[Value]) -> Option<&'static str> {
    if values.is_empty() {
        None
    } else if values.iter().all(Value::is_boolean) {
        Some("boolean")
    } else if values.iter().all(|value| value.is_i64() || value.is_u64()) {
        Some("integer")
    } else if values.iter().all(Value::is_number) {
        Some("number")
    } else {
        None
    }
}

/// Whether null would have to be added: a schema that takes anything has it already.
fn is_typed(schema: &Schema) -> bool {
    ["type", "enum", "const"]
        .iter()
        .any(|key| schema.contains_key(*key))
}

/// Whether two members of a tuple differ at most in their words.
fn same_values(one: &Schema, other: &Schema) -> bool {
    let bare = |schema: &Schema| -> Schema {
        let mut schema = schema.clone();
        for key in ["title", "description", "default"] {
            schema.remove(key);
        }
        schema
    };
    bare(one) == bare(other)
}
