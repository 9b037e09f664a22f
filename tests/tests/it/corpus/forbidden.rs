//! Whatever a type is, nothing leaves the profile that a server drops or cannot bind.

use serde_json::{Map, Value};

use rship_tests::corpus::cases;

/// Everything in `schema` that a server cannot use, with the way to it.
fn forbidden(schema: &Value) -> Vec<String> {
    let mut found = Vec::new();
    walk(schema, "", &mut found);
    found
}

const NEVER: [&str; 20] = [
    "definitions",
    "anyOf",
    "allOf",
    "prefixItems",
    "not",
    "if",
    "then",
    "else",
    "contains",
    "propertyNames",
    "patternProperties",
    "dependencies",
    "dependentRequired",
    "dependentSchemas",
    "unevaluatedItems",
    "unevaluatedProperties",
    "additionalItems",
    "contentSchema",
    "uniqueItems",
    "nullable",
];

fn walk(schema: &Value, path: &str, found: &mut Vec<String>) {
    let Value::Object(schema) = schema else {
        found.push(format!("{path}: not an object but {schema}"));
        return;
    };
    for (key, value) in schema {
        let at = format!("{path}/{key}");
        let fine = match key.as_str() {
            key if key.starts_with('$') || NEVER.contains(&key) => false,
            "type" => value.is_string() && value != "null",
            "title" | "description" | "format" => value.is_string(),
            "default" => !value.is_null(),
            "additionalProperties" => *value == Value::Bool(false),
            "required" => is_required(value, schema),
            "oneOf" => is_choices(schema),
            "enum" => value
                .as_array()
                .is_some_and(|values| !values.is_empty() && !values.contains(&Value::Null)),
            "const" => !value.is_string() && !value.is_null(),
            _ => true,
        };
        if !fine {
            found.push(format!("{at}: {value}"));
        }
    }
    if is_of(schema, "integer") && schema.contains_key("const") && schema.contains_key("title") {
        found.push(format!("{path}: an integer const with a title"));
    }
    if schema.contains_key("enum") && is_of(schema, "string") && !schema.contains_key("oneOf") {
        found.push(format!("{path}: choices without titles"));
    }
    if let Some(items) = schema.get("items") {
        walk(items, &format!("{path}/items"), found);
    }
    if let Some(fields) = schema.get("properties") {
        match fields.as_object() {
            Some(fields) => {
                for (name, field) in fields {
                    walk(field, &format!("{path}/properties/{name}"), found);
                }
            }
            None => found.push(format!("{path}/properties: {fields}")),
        }
    }
}

fn is_of(schema: &Map<String, Value>, name: &str) -> bool {
    schema.get("type").is_some_and(|found| found == name)
}

fn is_required(value: &Value, schema: &Map<String, Value>) -> bool {
    let fields = schema.get("properties").and_then(Value::as_object);
    value.as_array().is_some_and(|names| {
        !names.is_empty()
            && names.iter().all(|name| {
                name.as_str()
                    .is_some_and(|name| fields.is_some_and(|fields| fields.contains_key(name)))
            })
    })
}

fn is_choices(schema: &Map<String, Value>) -> bool {
    let (Some(values), Some(entries)) = (
        schema.get("enum").and_then(Value::as_array),
        schema.get("oneOf").and_then(Value::as_array),
    ) else {
        return false;
    };
    is_of(schema, "string")
        && values.len() == entries.len()
        && values.iter().zip(entries).all(|(value, entry)| {
            entry.as_object().is_some_and(|entry| {
                value.is_string()
                    && entry.get("const") == Some(value)
                    && entry.get("title").is_some_and(Value::is_string)
                    && entry.iter().all(|(key, value)| {
                        matches!(key.as_str(), "const" | "title" | "description")
                            && value.is_string()
                    })
            })
        })
}

#[test]
fn no_type_of_the_corpus_has_a_forbidden_construct() {
    let mut all = Vec::new();
    for case in cases() {
        let argument = (case.argument)().expect(case.name).schema;
        let emitter = (case.emitter)().expect(case.name).schema;
        let action = case.action().expect(case.name);
        for schema in [argument, emitter, action] {
            let found = forbidden(&schema);
            if !found.is_empty() {
                all.push(format!("{}: {found:#?}\nin {schema:#}", case.name));
            }
        }
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

/// The walker is only worth something if it finds what plain `schemars` writes.
#[test]
fn the_walker_finds_what_schemars_writes_without_the_profile() {
    let refused = cases()
        .iter()
        .filter(|case| {
            let mut plain = (case.plain_argument)();
            let _ = plain
                .as_object_mut()
                .and_then(|plain| plain.remove("$schema"));
            !forbidden(&plain).is_empty()
        })
        .count();
    assert!(
        refused > 50,
        "only {refused} types are found to need the profile"
    );
}
