//! Unit variants as a list of choices.

use serde_json::{Map, Value, json};

use super::profile::Schema;
use crate::json::set;

/// One choice: the string that goes over the wire, and how it is shown.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) title: Option<String>,
    pub(super) description: Option<String>,
}

impl Choice {
    pub(super) fn new(value: &str) -> Self {
        Self {
            value: value.to_owned(),
            title: None,
            description: None,
        }
    }
}

/// Writes the one form that all servers show as a list: `type`, `enum`, and `oneOf` with titles.
pub(super) fn write(choices: &[Choice], out: &mut Schema) {
    let values: Vec<Value> = choices.iter().map(|choice| json!(choice.value)).collect();
    let entries: Vec<Value> = choices
        .iter()
        .map(|choice| entry(choice, choices))
        .collect();
    set(out, "type", json!("string"));
    set(out, "enum", Value::Array(values));
    set(out, "oneOf", Value::Array(entries));
}

/// Writes values that a device names when it runs: strings in that form, shown as they are; others as the
/// bare list, because servers take the title of a number for its value.
pub(crate) fn write_values(out: &mut Schema, values: Vec<Value>) {
    let named = values.iter().map(|value| {
        let mut choice = Choice::new(value.as_str()?);
        choice.title = Some(choice.value.clone());
        Some(choice)
    });
    match named.collect::<Option<Vec<_>>>() {
        Some(choices) => write(&choices, out),
        None => {
            set(out, "enum", Value::Array(values));
        }
    }
}

fn entry(choice: &Choice, all: &[Choice]) -> Value {
    let title = choice.title.clone().unwrap_or_else(|| {
        let title = humanize(&choice.value);
        let shared = all
            .iter()
            .filter(|other| other.title.as_ref().unwrap_or(&humanize(&other.value)) == &title);
        // `a` and `A` in one list would look the same.
        if shared.count() > 1 {
            choice.value.clone()
        } else {
            title
        }
    });
    let mut entry = Map::new();
    set(&mut entry, "const", json!(choice.value));
    set(&mut entry, "title", json!(title));
    if let Some(description) = &choice.description {
        set(&mut entry, "description", json!(description));
    }
    Value::Object(entry)
}

/// Reads the choices back from a schema in the profile.
pub(super) fn read(schema: &Schema) -> Option<Vec<Choice>> {
    let entries = schema.get("oneOf")?.as_array()?;
    entries.iter().map(read_entry).collect()
}

fn read_entry(entry: &Value) -> Option<Choice> {
    let value = entry.get("const")?.as_str()?;
    let text = |key| entry.get(key).and_then(Value::as_str).map(str::to_owned);
    Some(Choice {
        // A made-up title is made up again, for the list it may have become part of.
        title: text("title").filter(|title| *title != humanize(value) && title != value),
        description: text("description"),
        value: value.to_owned(),
    })
}

/// The choices of both, each once.
pub(super) fn union(mut one: Vec<Choice>, other: Vec<Choice>) -> Vec<Choice> {
    for choice in other {
        match one.iter_mut().find(|known| known.value == choice.value) {
            Some(known) => {
                known.title = known.title.take().or(choice.title);
                known.description = known.description.take().or(choice.description);
            }
            None => one.push(choice),
        }
    }
    one
}

/// `warm-white`, `warm_white`, `warmWhite`, `WARM_WHITE` and `WarmWhite` are all shown as `Warm white`.
pub(super) fn humanize(value: &str) -> String {
    let words = words(value);
    let shouted = words.len() > 1 && !value.chars().any(char::is_lowercase);
    let mut title = String::with_capacity(value.len() + words.len());
    for (index, word) in words.iter().enumerate() {
        if index > 0 {
            title.push(' ');
        }
        let acronym = !shouted && word.chars().count() > 1 && !word.chars().any(char::is_lowercase);
        let word = if acronym {
            word.clone()
        } else {
            word.to_lowercase()
        };
        let mut chars = word.chars();
        match chars.next() {
            Some(first) if index == 0 => title.extend(first.to_uppercase()),
            Some(first) => title.push(first),
            None => {}
        }
        title.push_str(chars.as_str());
    }
    if title.is_empty() {
        value.to_owned()
    } else {
        title
    }
}

fn words(value: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut open = false;
    let mut chars = value.chars().peekable();
    let mut before: Option<char> = None;
    while let Some(char) = chars.next() {
        if matches!(char, '-' | '_' | ' ') {
            open = false;
            before = None;
            continue;
        }
        let ends_acronym = before.is_some_and(char::is_uppercase)
            && chars.peek().is_some_and(|next| next.is_lowercase());
        let starts = char.is_uppercase()
            && (before.is_some_and(|before| !before.is_uppercase()) || ends_acronym);
        if !open || starts {
            words.push(String::new());
            open = true;
        }
        if let Some(word) = words.last_mut() {
            word.push(char);
        }
        before = Some(char);
    }
    words
}
