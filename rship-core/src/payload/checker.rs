//! The check of one payload: normalized on the way down, refused at the first thing that is wrong.

use serde_json::{Map, Value};

use super::compile;
use super::error::{Got, PayloadError, describe};
use super::number::{as_integer, compare, is_whole};
use super::path::Path;
use super::rules::{Fields, Kind, Rules, choice_words};

/// A schema of the profile compiled once, so that checking a command costs no look-ups by text
/// beyond the payload's own keys.
///
/// Where the schema is lenient, so is the checker: what it lets pass is left to [`decode`](super::decode).
/// An object inside of the payload that has an unknown field may lack another: the unknown name may be
/// an alias of the missing one.
#[derive(Debug, Clone)]
pub struct Checker {
    root: Rules,
}

impl Checker {
    /// Reads a schema that is in the profile; keywords outside of it are ignored.
    #[must_use]
    pub fn compile(schema: &Value) -> Self {
        Self {
            root: compile::rules(schema),
        }
    }

    /// Whether an object may pass at all.
    pub(crate) fn takes_objects(&self) -> bool {
        matches!(self.root.kind, None | Some(Kind::Object))
    }

    /// Normalizes `payload` in place and checks it: `3.0` becomes `3` where an integer is expected,
    /// null where a field is not required is removed, and a payload of null becomes `{}` where an
    /// object is expected.
    ///
    /// Returns the paths of the arguments that nobody knows, in the form of [`PayloadError::path`].
    ///
    /// # Errors
    /// The first thing that is wrong. The payload may then be normalized in part.
    pub fn check(&self, payload: &mut Value) -> Result<Vec<String>, PayloadError> {
        let mut unknown = Vec::new();
        if payload.is_null() && self.root.kind == Some(Kind::Object) {
            *payload = Value::Object(Map::new());
        }
        check(&self.root, payload, &Path::Root, &mut unknown)?;
        Ok(unknown)
    }
}

fn check(
    rules: &Rules,
    value: &mut Value,
    path: &Path<'_>,
    unknown: &mut Vec<String>,
) -> Result<(), PayloadError> {
    check_kind(rules, value, path)?;
    if !rules.choices.is_empty() && !rules.choices.iter().any(|choice| is_same(choice, value)) {
        return Err(refuse(path, rules.expected(), choice_words(value)));
    }
    match value {
        Value::Number(number) if !rules.range.holds(number) => {
            Err(refuse(path, rules.expected_range(), describe(value)))
        }
        Value::String(text) if !rules.length.is_any() => {
            let length = text.chars().count();
            if rules.length.holds(length) {
                Ok(())
            } else {
                Err(refuse(path, rules.expected(), describe(value)))
            }
        }
        Value::Array(items) => {
            if !rules.items_length.holds(items.len()) {
                return Err(refuse(path, rules.expected(), describe(value)));
            }
            let Some(rules) = &rules.items else {
                return Ok(());
            };
            for (index, item) in items.iter_mut().enumerate() {
                // Whether an array may hold nulls is known to the decoder alone.
                if !item.is_null() {
                    check(rules, item, &Path::Item(path, index), unknown)?;
                }
            }
            Ok(())
        }
        Value::Object(fields) => match &rules.fields {
            Some(rules) => check_fields(rules, fields, path, unknown),
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

fn check_kind(rules: &Rules, value: &mut Value, path: &Path<'_>) -> Result<(), PayloadError> {
    let Some(kind) = rules.kind else {
        return Ok(());
    };
    let fits = match (kind, &mut *value) {
        (Kind::Boolean, Value::Bool(_))
        | (Kind::Number, Value::Number(_))
        | (Kind::String, Value::String(_))
        | (Kind::Array, Value::Array(_))
        | (Kind::Object, Value::Object(_)) => true,
        (Kind::Integer, Value::Number(number)) if number.is_f64() => {
            let whole = is_whole(number);
            if let Some(integer) = as_integer(number) {
                *value = integer;
            }
            whole
        }
        (Kind::Integer, Value::Number(_)) => true,
        _ => false,
    };
    if fits {
        return Ok(());
    }
    if value.is_null() {
        return Err(PayloadError {
            path: path.to_string(),
            expected: rules.expected(),
            got: Got::Null,
        });
    }
    Err(refuse(path, rules.expected(), describe(value)))
}

fn check_fields(
    rules: &Fields,
    fields: &mut Map<String, Value>,
    path: &Path<'_>,
    unknown: &mut Vec<String>,
) -> Result<(), PayloadError> {
    if fields.values().any(Value::is_null) {
        fields.retain(|name, value| !value.is_null() || !is_left_out(rules, name));
    }
    let mut required = 0;
    let mut knows_all = true;
    for (name, value) in fields.iter_mut() {
        let at = Path::Key(path, name);
        match rules.named.get(name) {
            Some(field) => {
                required += usize::from(field.required);
                if !(value.is_null() && field.rules.takes_null()) {
                    check(&field.rules, value, &at, unknown)?;
                }
            }
            None if rules.closed => {
                return Err(PayloadError {
                    path: at.to_string(),
                    expected: known_names(rules),
                    got: Got::Unknown,
                });
            }
            None => {
                knows_all = false;
                unknown.push(at.to_string());
            }
        }
    }
    // An unknown name may be an alias of the one that is missing, which the schema does not tell and
    // the decoder knows. The names of an action's own arguments have no aliases.
    let may_be_alias = !knows_all && !matches!(path, Path::Root);
    if required == rules.required || may_be_alias {
        return Ok(());
    }
    let missing = rules
        .named
        .iter()
        .find(|(name, field)| field.required && !fields.contains_key(name));
    match missing {
        Some((name, field)) => Err(PayloadError {
            path: Path::Key(path, name).to_string(),
            expected: field.rules.expected(),
            got: Got::Missing,
        }),
        None => Ok(()),
    }
}

/// Whether a null under this name says that the field is left out.
fn is_left_out(rules: &Fields, name: &str) -> bool {
    rules.named.get(name).is_some_and(|field| {
        let null_is_a_value = field.rules.takes_null() && field.rules.null_is_a_value;
        !field.required && !null_is_a_value
    })
}

fn known_names(rules: &Fields) -> String {
    let names: Vec<String> = rules
        .named
        .iter()
        .map(|(name, _)| format!("`{name}`"))
        .collect();
    match names.as_slice() {
        [] => "no arguments here".to_owned(),
        [one] => one.clone(),
        names => format!("one of {}", names.join(", ")),
    }
}

fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            compare(one, other).is_some_and(std::cmp::Ordering::is_eq)
        }
        (one, other) => one == other,
    }
}

fn refuse(path: &Path<'_>, expected: String, got: String) -> PayloadError {
    PayloadError {
        path: path.to_string(),
        expected,
        got: Got::Value(got),
    }
}
