//! The grammar in which the tables of entities are written, and its checker.

use rship_core::wire::Generation;
use serde_json::{Map, Value};

use super::{Problem, schema};

/// What a field holds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    String,
    /// A string of the form `#rrggbb`; another one is not shown as a color, but read.
    Color,
    Flag,
    Number,
    Strings,
    OneOf(&'static [&'static str]),
    Anything,
    /// A JSON Schema as an object.
    Schema,
    /// A JSON Schema as the string of its JSON.
    SchemaString,
    Record(&'static [Field]),
    Records(&'static [Field]),
}

/// Whether a field has to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// There and not null.
    Required,
    /// There, null included.
    Present,
    /// May be missing, but not null.
    NotNull,
    /// May be missing or null.
    Optional,
    /// Read when missing, but then something does not work.
    Expected,
    /// This generation does not look at it.
    Unread,
}

/// One row of a table: a field, and whether 2023, 2024 and 2026 need it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) need: [Need; 3],
}

/// A row that holds for all generations.
pub(crate) const fn all(name: &'static str, kind: Kind, need: Need) -> Field {
    Field {
        name,
        kind,
        need: [need; 3],
    }
}

/// A row that only 2026 reads.
pub(crate) const fn only_2026(name: &'static str, kind: Kind, need: Need) -> Field {
    Field {
        name,
        kind,
        need: [Need::Unread, Need::Unread, need],
    }
}

/// A row that only 2023 and 2024 read.
pub(crate) const fn until_2024(name: &'static str, kind: Kind, need: Need) -> Field {
    Field {
        name,
        kind,
        need: [need, need, Need::Unread],
    }
}

impl Field {
    pub(crate) const fn need(&self, generation: Generation) -> Need {
        match generation {
            Generation::V2023 => self.need[0],
            Generation::V2024 => self.need[1],
            Generation::V2026 => self.need[2],
        }
    }
}

/// Everything that is wrong with `item` by the rows of `fields`; `path` is the prefix of the fields' paths.
pub(crate) fn check(
    generation: Generation,
    fields: &[Field],
    path: &str,
    item: &Map<String, Value>,
    problems: &mut Vec<Problem>,
) {
    for field in fields {
        let need = field.need(generation);
        if need == Need::Unread {
            continue;
        }
        let name = format!("{path}{}", field.name);
        match (item.get(field.name), need) {
            (None, Need::Required | Need::Present) => {
                super::add(
                    problems,
                    Problem::missing(generation, &name, &wants(field.kind, need)),
                );
            }
            (None | Some(Value::Null), Need::Expected) => super::add(
                problems,
                Problem::warning(
                    &name,
                    format!(
                        "`{name}` is missing: a {generation} server looks there for {}",
                        wants(field.kind, Need::Required)
                    ),
                ),
            ),
            (None, _) | (Some(Value::Null), Need::Optional | Need::Present) => {}
            (Some(value), _) => check_value(generation, field.kind, need, &name, value, problems),
        }
    }
}

fn check_value(
    generation: Generation,
    kind: Kind,
    need: Need,
    name: &str,
    value: &Value,
    problems: &mut Vec<Problem>,
) {
    let fits = match (kind, value) {
        (Kind::String, Value::String(_))
        | (Kind::Flag, Value::Bool(_))
        | (Kind::Number, Value::Number(_))
        | (Kind::Anything, _) => true,
        (Kind::Color, Value::String(text)) => {
            if !is_color(text) {
                super::add(
                    problems,
                    Problem::warning(
                        name,
                        format!(
                            "`{name}` is `{text}`: a color is written `#rrggbb`, and is not shown otherwise"
                        ),
                    ),
                );
            }
            true
        }
        (Kind::Strings, Value::Array(members)) => members.iter().all(Value::is_string),
        (Kind::OneOf(choices), Value::String(text)) => choices.contains(&text.as_str()),
        (Kind::Schema, Value::Object(_)) => {
            if generation == Generation::V2026 {
                for problem in schema::problems(name, value) {
                    super::add(problems, problem);
                }
            }
            true
        }
        (Kind::SchemaString, Value::String(text)) => {
            if let Err(error) = serde_json::from_str::<Value>(text) {
                super::add(
                    problems,
                    Problem::fatal(
                        name,
                        format!(
                            "`{name}` is not JSON ({error}), a {generation} server wants a JSON Schema as a string or null"
                        ),
                    ),
                );
            }
            true
        }
        (Kind::Record(fields), Value::Object(record)) => {
            check(generation, fields, &format!("{name}."), record, problems);
            true
        }
        (Kind::Records(fields), Value::Array(members)) => {
            for (index, member) in members.iter().enumerate() {
                if problems.len() > super::MOST {
                    break;
                }
                match member {
                    Value::Object(record) => {
                        check(
                            generation,
                            fields,
                            &format!("{name}.{index}."),
                            record,
                            problems,
                        );
                    }
                    other => {
                        super::add(
                            problems,
                            Problem::wrong(
                                generation,
                                &format!("{name}.{index}"),
                                other,
                                "an object",
                            ),
                        );
                    }
                }
            }
            true
        }
        _ => false,
    };
    if !fits {
        super::add(
            problems,
            Problem::wrong(generation, name, value, &wants(kind, need)),
        );
    }
}

/// What a server wants in such a field, in words.
fn wants(kind: Kind, need: Need) -> String {
    let what = match kind {
        Kind::String => "a string".to_owned(),
        Kind::Color => "a color as `#rrggbb`".to_owned(),
        Kind::Flag => "a boolean".to_owned(),
        Kind::Number => "a number".to_owned(),
        Kind::Strings => "an array of strings".to_owned(),
        Kind::OneOf(choices) => {
            let choices: Vec<_> = choices.iter().map(|choice| format!("`{choice}`")).collect();
            format!("one of {}", choices.join(", "))
        }
        Kind::Anything => "any value".to_owned(),
        Kind::Schema | Kind::Record(_) => "an object".to_owned(),
        Kind::SchemaString => "a JSON Schema as a string".to_owned(),
        Kind::Records(_) => "an array of objects".to_owned(),
    };
    match need {
        Need::Present => format!("{what}, null included"),
        Need::Optional => format!("{what} or null"),
        Need::NotNull => format!("{what}, or no such field at all"),
        Need::Required | Need::Expected | Need::Unread => what,
    }
}

fn is_color(text: &str) -> bool {
    text.strip_prefix('#').is_some_and(|digits| {
        digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn problems(field: Field, item: Value) -> Vec<Problem> {
        let mut found = Vec::new();
        check(
            Generation::V2026,
            &[field],
            "",
            item.as_object().unwrap(),
            &mut found,
        );
        found
    }

    #[test]
    fn each_need_says_what_may_be_missing_or_null() {
        let text = |need| all("a", Kind::String, need);
        for (need, missing, null) in [
            (Need::Required, 1, 1),
            (Need::Present, 1, 0),
            (Need::NotNull, 0, 1),
            (Need::Optional, 0, 0),
            (Need::Expected, 1, 1),
            (Need::Unread, 0, 0),
        ] {
            assert_eq!(
                problems(text(need), json!({})).len(),
                missing,
                "{need:?} missing"
            );
            assert_eq!(
                problems(text(need), json!({"a": null})).len(),
                null,
                "{need:?} null"
            );
        }
    }

    #[test]
    fn paths_lead_into_records() {
        const INNER: &[Field] = &[all("x", Kind::Number, Need::Required)];
        let record = problems(
            all("p", Kind::Record(INNER), Need::Required),
            json!({"p": {"x": "1"}}),
        );
        assert_eq!(record[0].field, "p.x");
        let records = problems(
            all("p", Kind::Records(INNER), Need::Required),
            json!({"p": [{"x": 1}, {}, 3]}),
        );
        assert_eq!(
            records.iter().map(|p| p.field.as_str()).collect::<Vec<_>>(),
            ["p.1.x", "p.2"]
        );
    }

    #[test]
    fn a_strange_color_is_only_a_warning() {
        let found = problems(
            all("color", Kind::Color, Need::Required),
            json!({"color": "red"}),
        );
        assert!(!found[0].is_fatal());
        assert!(
            problems(
                all("color", Kind::Color, Need::Required),
                json!({"color": "#Ff00aa"})
            )
            .is_empty()
        );
        assert!(
            problems(
                all("color", Kind::Color, Need::Required),
                json!({"color": 1})
            )[0]
            .is_fatal()
        );
    }
}
