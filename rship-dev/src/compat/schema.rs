//! Whether all that fits one schema fits another, and if not, what stands in the way.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use super::number::{bound, compare, is_same};

/// Keywords whose meaning is not looked into: where they differ, it is taken that something does not fit.
const OPAQUE: [&str; 24] = [
    "$defs",
    "$ref",
    "allOf",
    "anyOf",
    "contains",
    "contentEncoding",
    "definitions",
    "dependentRequired",
    "dependentSchemas",
    "else",
    "if",
    "maxContains",
    "maxProperties",
    "minContains",
    "minProperties",
    "multipleOf",
    "not",
    "pattern",
    "patternProperties",
    "prefixItems",
    "propertyNames",
    "then",
    "unevaluatedProperties",
    "uniqueItems",
];
/// How deep schemas are looked into; what is below is taken as a whole.
const DEPTH: usize = 64;

/// On which side of the wire a schema is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// Of an action: whatever was taken has to be taken.
    Taken,
    /// Of an emitter: nothing may be told that was not told before.
    Told,
}

/// Something that does not fit any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Misfit {
    /// Where in the values, `fields.of[].items`; empty for the value itself.
    pub(super) path: String,
    /// What was, and what is.
    pub(super) text: String,
}

/// What breaks when a schema becomes another one.
pub(super) fn misfits(side: Side, old: &Value, new: &Value) -> Vec<Misfit> {
    let mut walk = Walk {
        side,
        path: Vec::new(),
        misfits: Vec::new(),
    };
    match side {
        Side::Taken => walk.fits(old, new),
        Side::Told => {
            walk.fits(new, old);
            walk.is_still_told(old, new);
        }
    }
    walk.misfits
}

struct Walk {
    side: Side,
    path: Vec<String>,
    misfits: Vec<Misfit>,
}

impl Walk {
    /// Finds what keeps values of the schema `from` from fitting the schema `to`.
    fn fits(&mut self, from: &Value, to: &Value) {
        if from == to {
            return;
        }
        if self.path.len() >= DEPTH {
            self.add("it changed too deep inside to be judged".to_owned());
            return;
        }
        for keyword in OPAQUE {
            if let Some(wanted) = to.get(keyword)
                && from.get(keyword) != Some(wanted)
            {
                self.differ(keyword, from.get(keyword), Some(wanted));
            }
        }
        self.format(from, to);
        if let Some(values) = values(from) {
            for value in values.iter().filter(|value| !admits(to, value)) {
                self.add(match self.side {
                    Side::Taken => format!("the choice {value} is gone"),
                    Side::Told => format!("the choice {value} is new"),
                });
            }
            return;
        }
        if let Some(values) = values(to) {
            let values: Vec<_> = values.iter().map(ToString::to_string).collect();
            let values = format!("one of {}", values.join(", "));
            self.was_is("any value", &values);
            return;
        }
        if !is_type_in(from, to) {
            self.was_is(type_of(from), type_of(to));
            return;
        }
        if may_be(from, &["number", "integer"]) {
            self.range(from, to);
        }
        if may_be(from, &["string"]) {
            self.length(from, to, "minLength", "maxLength", "characters");
        }
        if may_be(from, &["array"]) {
            self.length(from, to, "minItems", "maxItems", "items");
            if let Some(items) = to.get("items") {
                let anything = Value::Bool(true);
                self.inside("[]", |walk| {
                    walk.fits(from.get("items").unwrap_or(&anything), items);
                });
            }
        }
        if may_be(from, &["object"]) {
            self.fields(from, to);
        }
    }

    fn fields(&mut self, from: &Value, to: &Value) {
        let none = Map::new();
        let (from_fields, to_fields) = (known_fields(from), known_fields(to));
        // What has no type and no fields takes everything: its names are data.
        let takes_all = |schema: &Value, fields: &Option<_>| {
            fields.is_none() && schema.get("type").is_none() && !is_closed(schema)
        };
        let (is_map, is_open) = (takes_all(from, &from_fields), takes_all(to, &to_fields));
        let (from_fields, to_fields) = (
            from_fields.as_ref().unwrap_or(&none),
            to_fields.as_ref().unwrap_or(&none),
        );
        if is_map {
            for (name, wanted) in to_fields {
                self.inside(name, |walk| walk.fits(&Value::Bool(true), wanted));
            }
            if is_closed(to) {
                self.was_is("open for other fields", "closed");
            }
        }
        for (name, field) in from_fields {
            match to_fields.get(name) {
                Some(wanted) => self.inside(name, |walk| walk.fits(field, wanted)),
                None if self.side == Side::Taken && !is_open => {
                    self.inside(name, |walk| walk.add("it is gone".to_owned()));
                }
                None if self.side == Side::Told && is_closed(to) => {
                    let text = "it is new, where no other fields were to come";
                    self.inside(name, |walk| walk.add(text.to_owned()));
                }
                None => {}
            }
        }
        let required = names(from);
        for name in names(to)
            .into_iter()
            .filter(|name| !required.contains(name))
        {
            let text = match self.side {
                Side::Taken => "it is required now",
                Side::Told if from_fields.contains_key(name) => "it may be missing now",
                Side::Told => "it is gone",
            };
            self.inside(name, |walk| walk.add(text.to_owned()));
        }
    }

    /// A schema that promises less may still say nothing that was waited for.
    fn is_still_told(&mut self, old: &Value, new: &Value) {
        if self.path.len() >= DEPTH {
            return;
        }
        if let (Some(old), Some(new)) = (values(old), values(new)) {
            let is_gone = |value: &&&Value| !new.iter().any(|other| is_same(value, other));
            for value in old.iter().filter(is_gone) {
                self.add(format!(
                    "the choice {value} is gone, and whoever waits for it waits for ever"
                ));
            }
        }
        if let (Some(old), Some(new)) = (old.get("items"), new.get("items")) {
            self.inside("[]", |walk| walk.is_still_told(old, new));
        }
        let fields = |schema: &Value| schema.get("properties").and_then(Value::as_object).cloned();
        let required = names(old);
        let new_fields = fields(new).unwrap_or_default();
        for (name, field) in fields(old).unwrap_or_default() {
            match new_fields.get(&name) {
                Some(new) => self.inside(&name, |walk| walk.is_still_told(&field, new)),
                // Of one that was always there, `fits` says so.
                None if !required.contains(&name.as_str()) && new.get("type").is_some() => {
                    self.inside(&name, |walk| walk.add("it is gone".to_owned()));
                }
                None => {}
            }
        }
    }

    fn range(&mut self, from: &Value, to: &Value) {
        for (outside, words) in [(Ordering::Less, "least"), (Ordering::Greater, "most")] {
            let Some(wanted) = bound(to, outside) else {
                continue;
            };
            let given = bound(from, outside);
            if !given
                .as_ref()
                .is_some_and(|given| wanted.holds(given, outside))
            {
                let in_words = |bound: &super::number::Bound| {
                    let more = match (bound.is_open, outside) {
                        (false, _) => return format!("at {words} {}", bound.number),
                        (true, Ordering::Less) => "more",
                        (true, _) => "less",
                    };
                    format!("{more} than {}", bound.number)
                };
                let given =
                    given.map_or_else(|| "without a bound".to_owned(), |one| in_words(&one));
                self.was_is(&given, &in_words(&wanted));
            }
        }
    }

    fn length(&mut self, from: &Value, to: &Value, least: &str, most: &str, of: &str) {
        let number = |schema: &Value, key: &str| schema.get(key).and_then(Value::as_u64);
        let (given, wanted) = (number(from, least).unwrap_or(0), number(to, least));
        if let Some(wanted) = wanted.filter(|wanted| *wanted > given) {
            self.was_is(
                &format!("at least {given} {of}"),
                &format!("at least {wanted} {of}"),
            );
        }
        let given = number(from, most);
        if let Some(wanted) =
            number(to, most).filter(|wanted| given.is_none_or(|one| one > *wanted))
        {
            let given = given.map_or_else(
                || format!("any number of {of}"),
                |given| format!("at most {given} {of}"),
            );
            self.was_is(&given, &format!("at most {wanted} {of}"));
        }
    }

    /// Of numbers the format is how Rust stores them, which their bounds say as well.
    fn format(&mut self, from: &Value, to: &Value) {
        let is_number = matches!(to["type"].as_str(), Some("number" | "integer"));
        if let Some(wanted) = to.get("format")
            && !is_number
            && is_type_in(from, to)
            && from.get("format") != Some(wanted)
        {
            self.differ("format", from.get("format"), Some(wanted));
        }
    }

    fn inside(&mut self, step: &str, walk: impl FnOnce(&mut Self)) {
        self.path.push(step.to_owned());
        walk(self);
        self.path.pop();
    }

    fn differ(&mut self, keyword: &str, from: Option<&Value>, to: Option<&Value>) {
        let words = |value: Option<&Value>| match value {
            Some(value) => format!("`{keyword}` {value}"),
            None => format!("without `{keyword}`"),
        };
        self.was_is(&words(from), &words(to));
    }

    fn was_is(&mut self, from: &str, to: &str) {
        let (old, new) = match self.side {
            Side::Taken => (from, to),
            Side::Told => (to, from),
        };
        self.add(format!("it was {old}, and is {new}"));
    }

    fn add(&mut self, text: String) {
        let path = self.path.join(".").replace(".[]", "[]");
        let misfit = Misfit { path, text };
        // Of choices both walks may find the same.
        if !self.misfits.contains(&misfit) {
            self.misfits.push(misfit);
        }
    }
}

/// The values that a schema lists.
fn values(schema: &Value) -> Option<Vec<&Value>> {
    if let Some(one) = schema.get("const") {
        return Some(vec![one]);
    }
    if let Some(Value::Array(values)) = schema.get("enum") {
        return Some(values.iter().collect());
    }
    let Some(Value::Array(members)) = schema.get("oneOf") else {
        return None;
    };
    members.iter().map(|member| member.get("const")).collect()
}

/// Whether a value fits the type, the choices and the bounds of a schema.
fn admits(schema: &Value, value: &Value) -> bool {
    let is_chosen = values(schema).is_none_or(|all| all.iter().any(|one| is_same(one, value)));
    let is_whole = |number: &serde_json::Number| super::number::whole(number).is_some();
    let is_of_type = match schema["type"].as_str() {
        None => true,
        Some("boolean") => value.is_boolean(),
        Some("string") => value.is_string(),
        Some("number") => value.is_number(),
        Some("integer") => matches!(value, Value::Number(number) if is_whole(number)),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        Some("null") => value.is_null(),
        Some(_) => false,
    };
    let is_in_range = |number: &serde_json::Number| {
        [Ordering::Less, Ordering::Greater]
            .into_iter()
            .all(|outside| {
                bound(schema, outside).is_none_or(|bound| match compare(number, &bound.number) {
                    Some(Ordering::Equal) => !bound.is_open,
                    Some(ordering) => ordering != outside,
                    None => false,
                })
            })
    };
    let length = |key: &str| schema.get(key).and_then(Value::as_u64);
    is_chosen
        && is_of_type
        && match value {
            Value::Number(number) => is_in_range(number),
            Value::String(text) => {
                let long = text.chars().count() as u64;
                length("minLength").is_none_or(|least| long >= least)
                    && length("maxLength").is_none_or(|most| long <= most)
            }
            // Listed arrays and objects fit where nothing more is asked of them.
            Value::Array(_) => ["items", "minItems", "maxItems"]
                .iter()
                .all(|key| schema.get(key).is_none()),
            Value::Object(_) => ["properties", "required", "additionalProperties"]
                .iter()
                .all(|key| schema.get(key).is_none()),
            _ => true,
        }
}

/// Whether every type of the one is a type of the other.
fn is_type_in(from: &Value, to: &Value) -> bool {
    match (from.get("type"), to.get("type")) {
        (_, None) => true,
        (Some(from), Some(to)) => from == to || (*from == "integer" && *to == "number"),
        (None, Some(to)) => {
            let fits = |value: &&Value| admits(&serde_json::json!({ "type": to }), value);
            values(from).is_some_and(|values| values.iter().all(fits))
        }
    }
}

/// Whether a value of the schema may be of one of these types.
fn may_be(schema: &Value, types: &[&str]) -> bool {
    match schema.get("type") {
        Some(Value::String(one)) => types.contains(&one.as_str()),
        _ => true,
    }
}

fn type_of(schema: &Value) -> &str {
    schema["type"].as_str().unwrap_or("anything")
}

/// The fields that a schema names; of one that is required alone nothing is known.
fn known_fields(schema: &Value) -> Option<Map<String, Value>> {
    let mut fields = schema.get("properties").and_then(Value::as_object).cloned();
    let open = if is_closed(schema) {
        Vec::new()
    } else {
        names(schema)
    };
    for name in open {
        let fields = fields.get_or_insert_default();
        fields.entry(name).or_insert(Value::Bool(true));
    }
    fields
}

/// Whether there may be no fields but those that are named.
fn is_closed(schema: &Value) -> bool {
    schema["additionalProperties"] == false
}

/// The names of the required fields.
fn names(schema: &Value) -> Vec<&str> {
    let names = schema.get("required").and_then(Value::as_array);
    names
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

#[cfg(test)]
#[path = "schema_tests.rs"]
mod tests;
