//! The arguments of an action, read from its schema.

use serde::Serialize;
use serde_json::Value;

use crate::reading::bindable::is_color;

/// How many choices are spelled out.
const CHOICES_SHOWN: usize = 6;
/// How deep arrays of arrays are spelled out.
const DEPTH: usize = 4;

/// One argument.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Argument {
    /// `None` when the payload is the value itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    pub(crate) kind: String,
    pub(crate) required: bool,
}

/// The arguments that a schema asks for, in the order of the action's `schemaLayout` if it has one; a
/// schema that is not an object is one argument without a name.
pub(crate) fn of(schema: &Value, layout: &Value) -> Vec<Argument> {
    let parsed = parsed(schema);
    let schema = resolve(&parsed, &parsed);
    let Value::Object(object) = schema else {
        return Vec::new();
    };
    if let Some(Value::Object(properties)) = object.get("properties") {
        let required = |name: &str| {
            object
                .get("required")
                .and_then(Value::as_array)
                .is_some_and(|names| names.iter().any(|one| one == name))
        };
        let place = |name: &str| {
            let fields = layout.as_array().map_or(&[][..], Vec::as_slice);
            let known = fields.iter().position(|field| field["path"] == name);
            known.unwrap_or(fields.len())
        };
        let mut all: Vec<_> = properties.iter().collect();
        all.sort_by_key(|(name, _)| place(name));
        return all
            .into_iter()
            .map(|(name, property)| Argument {
                name: Some(name.clone()),
                kind: kind(&parsed, property, DEPTH),
                required: required(name),
            })
            .collect();
    }
    match object.get("type").and_then(Value::as_str) {
        None | Some("object" | "null") => Vec::new(),
        Some(_) => vec![Argument {
            name: None,
            kind: kind(&parsed, schema, DEPTH),
            required: true,
        }],
    }
}

/// The names of all arguments there are; `None` where a schema leaves open which there may be.
pub(crate) fn names(schema: &Value) -> Option<Vec<String>> {
    let parsed = parsed(schema);
    let object = resolve(&parsed, &parsed).as_object()?;
    let is_open = ["patternProperties", "oneOf", "anyOf", "allOf", "$ref"]
        .iter()
        .any(|word| object.contains_key(*word));
    if is_open
        || object
            .get("additionalProperties")
            .is_some_and(|more| more != false)
    {
        return None;
    }
    let properties = object.get("properties")?.as_object()?;
    Some(properties.keys().cloned().collect())
}

/// 2023 sends a schema as the string of its JSON.
fn parsed(schema: &Value) -> Value {
    match schema {
        Value::String(text) => serde_json::from_str(text).unwrap_or(Value::Null),
        other => other.clone(),
    }
}

/// A schema in one word; arrays inside arrays are shown `depth` levels deep, as a schema may contain itself.
fn kind(root: &Value, schema: &Value, depth: usize) -> String {
    let Some(depth) = depth.checked_sub(1) else {
        return "..".to_owned();
    };
    let schema = resolve(root, schema);
    if let Some(choices) = choices(schema) {
        return choices;
    }
    if schema["properties"].as_object().is_some_and(is_color) {
        return "color".to_owned();
    }
    match (schema["type"].as_str(), schema["format"].as_str()) {
        (_, Some("exec-tick")) => "trigger".to_owned(),
        (_, Some("gradient")) => "gradient".to_owned(),
        (Some("array"), _) => format!(
            "[{}]",
            schema
                .get("items")
                .map_or_else(|| "any".to_owned(), |items| kind(root, items, depth))
        ),
        (Some(kind), _) => kind.to_owned(),
        (None, _) => "any".to_owned(),
    }
}

fn choices(schema: &Value) -> Option<String> {
    let all: Vec<_> = match (schema.get("oneOf"), schema.get("enum")) {
        (Some(Value::Array(members)), _) => members
            .iter()
            .map(|member| member.get("const"))
            .collect::<Option<_>>()?,
        (_, Some(Value::Array(members))) => members.iter().collect(),
        _ => return None,
    };
    let mut words: Vec<_> = all
        .iter()
        .take(CHOICES_SHOWN)
        .map(ToString::to_string)
        .collect();
    if all.len() > CHOICES_SHOWN {
        words.push("..".to_owned());
    }
    Some(words.join("|"))
}

/// Follows one reference; a second one in a row is left as it is.
fn resolve<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let Some(reference) = schema["$ref"].as_str() else {
        return schema;
    };
    let name = reference.rsplit('/').next().unwrap_or_default();
    ["$defs", "definitions"]
        .iter()
        .find_map(|definitions| root.get(definitions)?.get(name))
        .unwrap_or(schema)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn words(schema: Value) -> Vec<String> {
        laid_out(&schema, &Value::Null)
    }

    fn laid_out(schema: &Value, layout: &Value) -> Vec<String> {
        let argument = |one: Argument| {
            format!(
                "{}{}:{}",
                one.name.unwrap_or_default(),
                if one.required { "" } else { "?" },
                one.kind
            )
        };
        of(schema, layout).into_iter().map(argument).collect()
    }

    #[test]
    fn kinds_are_named_as_a_user_thinks_of_them() {
        let number = json!({"type": "number"});
        let schema = json!({
            "type": "object",
            "properties": {
                "a": {"type": "integer"},
                "b": {"type": "array", "items": {"type": "string"}},
                "c": {"type": "object", "properties": {"r": number, "g": number, "b": number}},
                "d": {"type": "string", "enum": ["x", "y"], "oneOf": [{"const": "x", "title": "X"}, {"const": "y", "title": "Y"}]},
                "e": {"$ref": "#/$defs/E"},
                "f": {},
            },
            "required": ["a"],
            "$defs": {"E": {"type": "boolean"}},
        });
        let expected = [
            "a:integer",
            "b?:[string]",
            "c?:color",
            "d?:\"x\"|\"y\"",
            "e?:boolean",
            "f?:any",
        ];
        assert_eq!(words(schema.clone()), expected);
        assert_eq!(words(schema.to_string().into()), expected);
    }

    #[test]
    fn a_schema_without_fields_has_no_arguments_or_one() {
        assert_eq!(words(Value::Null), [""; 0]);
        assert_eq!(words(json!({"type": "object"})), [""; 0]);
        assert_eq!(words(json!({"type": "number"})), [":number"]);
        assert_eq!(words("no json".into()), [""; 0]);
    }

    #[test]
    fn arguments_stand_in_the_order_of_the_layout() {
        let number = json!({"type": "number"});
        let schema =
            json!({"type": "object", "properties": {"a": number, "b": number, "c": number}});
        let layout = json!([{"path": "c"}, {"path": "a"}]);
        assert_eq!(
            laid_out(&schema, &layout),
            ["c?:number", "a?:number", "b?:number"]
        );
    }

    #[test]
    fn a_cycle_of_references_ends() {
        let own = |name: &str| json!({"$ref": format!("#/$defs/{name}")});
        let schema = json!({
            "properties": {"m": own("M"), "n": own("N")},
            "$defs": {"M": own("M"), "N": {"type": "array", "items": own("N")}},
        });
        assert_eq!(words(schema), ["m?:any", "n?:[[[[..]]]]"]);
    }
}
