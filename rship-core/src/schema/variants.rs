//! Enums: choices where all variants are strings, else the union of what the variants hold.

use serde_json::{Value, json};

use super::SchemaError;
use super::choices;
use super::null_example;
use super::profile::{Profiled, Schema, Walk, list};
use super::widen::widen;
use crate::json::set;

impl Walk<'_> {
    /// `base` narrowed to the members of a `oneOf` or `anyOf` that stands in it.
    pub(super) fn variants(
        &mut self,
        mut base: Profiled,
        members: &[Value],
    ) -> Result<Profiled, SchemaError> {
        let mut nullable = false;
        let mut absent = false;
        let mut variants: Vec<Schema> = Vec::new();
        let mut maps: Vec<Schema> = Vec::new();
        for member in members {
            if is_null(member) {
                nullable = true;
            } else if is_object(&base.schema) && is_empty(member) {
                // A flattened enum that is optional: none of its fields is there.
                absent = true;
            } else {
                let variant = self.variant(member)?;
                nullable |= variant.nullable;
                if is_open_map(member) {
                    maps.push(variant.schema.clone());
                }
                variants.push(variant.schema);
            }
        }
        // One that is left beside null is the type itself, not a variant.
        if variants.len() > 1 || members.iter().all(|member| member.get("const").is_some()) {
            variants.iter_mut().for_each(describe);
        }
        let mut schema = union_of(&variants);
        if variants.len() > 1 {
            require_tags(&mut schema, &variants);
            if let Some(words) = strings_in_words(&schema, &variants) {
                add_words(&mut base.schema, &words);
            }
        }
        if absent {
            schema.remove("required");
        }
        for map in &maps {
            open_fields(&mut schema, map);
        }
        Ok(base.narrowed(Profiled { schema, nullable }))
    }

    fn variant(&mut self, member: &Value) -> Result<Profiled, SchemaError> {
        let mut variant = self.schema(member)?;
        let required = member.get("required").and_then(Value::as_array);
        let fields = member.get("properties").and_then(Value::as_object);
        let (Some(required), Some(fields)) = (required, fields) else {
            return Ok(variant);
        };
        let is_content = fields.len() == 1;
        for (name, field) in fields {
            if !required.iter().any(|required| required == name) {
                continue;
            }
            let field = self.field(name, field)?;
            // The union will not require it, yet a null under this name is not an absence: the decoder
            // asks for the key, and the key of an external tag says which variant it is.
            if field.nullable && (is_content || self.is_argument()) {
                let mut field = field.null_in_place();
                null_example::write(&mut field);
                require(&mut variant.schema, name, field);
            }
        }
        Ok(variant)
    }
}

fn require(variant: &mut Schema, name: &str, field: Schema) {
    if let Some(Value::Object(fields)) = variant.get_mut("properties") {
        set(fields, name, Value::Object(field));
    }
    let required = variant
        .entry("required")
        .or_insert_with(|| Value::Array(Vec::new()));
    if let Value::Array(required) = required
        && !required.iter().any(|required| required == name)
    {
        required.push(json!(name));
    }
}

fn union_of(variants: &[Schema]) -> Schema {
    let Some((first, rest)) = variants.split_first() else {
        return Schema::new();
    };
    rest.iter()
        .fold(first.clone(), |union, variant| widen(&union, variant))
}

/// Moves what is said about a variant to what stands for it: its choice, its tag or its key.
fn describe(variant: &mut Schema) {
    let title = variant.remove("title");
    let description = variant.remove("description");
    let text = |value: &Option<Value>| value.as_ref().and_then(Value::as_str).map(str::to_owned);
    let (title, description) = (text(&title), text(&description));
    if let Some([choice]) = choices::read(variant).as_deref_mut() {
        choice.title = title.or(choice.title.take());
        choice.description = description.or(choice.description.take());
        choices::write(std::slice::from_ref(choice), variant);
        return;
    }
    let only_key = list(variant, "required").len() == 1;
    let Some(Value::Object(fields)) = variant.get_mut("properties") else {
        return;
    };
    let only_key = only_key && fields.len() == 1;
    for field in fields.values_mut() {
        let Value::Object(field) = field else {
            continue;
        };
        if let Some([tag]) = choices::read(field).as_deref_mut() {
            tag.title = title.clone().or(tag.title.take());
            tag.description = description.clone().or(tag.description.take());
            choices::write(std::slice::from_ref(tag), field);
        } else if only_key {
            for (key, words) in [("title", &title), ("description", &description)] {
                if let Some(words) = words {
                    field.entry(key).or_insert_with(|| json!(words));
                }
            }
        }
    }
}

/// Of what all variants require, only the tag is kept: nothing else is needed to fill in a form.
fn require_tags(union: &mut Schema, variants: &[Schema]) {
    let tags: Vec<Value> = list(union, "required")
        .iter()
        .filter(|name| {
            name.as_str()
                .is_some_and(|name| variants.iter().all(|v| is_tag(v, name)))
        })
        .cloned()
        .collect();
    if tags.is_empty() {
        union.remove("required");
    } else {
        set(union, "required", Value::Array(tags));
    }
}

fn is_tag(variant: &Schema, name: &str) -> bool {
    variant
        .get("properties")
        .and_then(|fields| fields.get(name))
        .and_then(Value::as_object)
        .and_then(choices::read)
        .is_some_and(|choices| choices.len() == 1)
}

/// Unit variants beside variants with data are strings beside objects, which only words can say.
fn strings_in_words(union: &Schema, variants: &[Schema]) -> Option<String> {
    if union.contains_key("type") {
        return None;
    }
    let strings: Vec<String> = variants
        .iter()
        .filter_map(choices::read)
        .flatten()
        .map(|choice| format!("\"{}\"", choice.value))
        .collect();
    if strings.is_empty() {
        return None;
    }
    let other = if union.contains_key("properties") {
        "an object with one of the fields"
    } else {
        "a value of its own"
    };
    Some(format!(
        "one of the strings {}, or {other}",
        strings.join(", ")
    ))
}

fn add_words(schema: &mut Schema, words: &str) {
    let words = match schema.get("description").and_then(Value::as_str) {
        Some(own) => format!("{own}\n\n{words}"),
        None => words.to_owned(),
    };
    set(schema, "description", json!(words));
}

/// Beside a variant that takes any field, a field of another variant may hold anything.
fn open_fields(union: &mut Schema, map: &Schema) {
    let known = map.get("properties").and_then(Value::as_object);
    if let Some(Value::Object(fields)) = union.get_mut("properties") {
        for (name, field) in fields {
            if known.is_none_or(|known| !known.contains_key(name)) {
                *field = json!({});
            }
        }
    }
}

fn is_open_map(member: &Value) -> bool {
    member.get("patternProperties").is_some()
        || member
            .get("additionalProperties")
            .is_some_and(|extra| *extra != Value::Bool(false))
}

fn is_null(member: &Value) -> bool {
    member.get("type").and_then(Value::as_str) == Some("null")
        || member.get("const").is_some_and(Value::is_null)
}

fn is_object(schema: &Schema) -> bool {
    schema.get("type").and_then(Value::as_str) == Some("object")
}

fn is_empty(member: &Value) -> bool {
    member.as_object().is_some_and(Schema::is_empty)
}
