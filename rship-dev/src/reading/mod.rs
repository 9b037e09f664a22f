//! What a server of each generation can read, and the words for what it cannot.
//!
//! Written apart from the executor's own codec on purpose: two readings of one protocol that agree
//! are evidence, one reading used twice is not. The command line is not a witness, and reads with `rship_core`.

pub(crate) mod bindable;
pub(crate) mod entities;
pub(crate) mod fields;
pub(crate) mod filter;
pub(crate) mod frames;
pub(crate) mod judge;
pub(crate) mod plain;
pub(crate) mod plain_cbor;
pub(crate) mod schema;

use rship_core::wire::Generation;
use serde_json::Value;

use crate::explained::{self, Verdict};

/// How many problems of one entity are looked for: an entity of a few megabytes could have millions.
const MOST: usize = 100;

/// One thing wrong with an entity or a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Dotted path of the field; empty when it is about the whole.
    pub(crate) field: String,
    pub(crate) reason: String,
    pub(crate) verdict: Verdict,
}

impl Problem {
    /// A server drops the whole because of it.
    pub(crate) fn fatal(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::new(field.into(), reason.into(), Verdict::Dropped)
    }

    /// A server takes it, but something will not work.
    pub(crate) fn warning(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::new(field.into(), reason.into(), Verdict::Kept)
    }

    fn new(field: String, reason: String, verdict: Verdict) -> Self {
        Self {
            field: explained::path(field),
            reason: explained::reason(reason),
            verdict,
        }
    }

    /// The field is not there.
    pub(crate) fn missing(generation: Generation, field: &str, wants: &str) -> Self {
        Self::fatal(
            field,
            format!("`{field}` is missing, a {generation} server wants {wants}"),
        )
    }

    /// The field is there, but is not what a server wants.
    pub(crate) fn wrong(generation: Generation, field: &str, found: &Value, wants: &str) -> Self {
        Self::fatal(
            field,
            format!(
                "`{field}` is {}, a {generation} server wants {wants}",
                found_words(found)
            ),
        )
    }

    pub(crate) fn is_fatal(&self) -> bool {
        self.verdict == Verdict::Dropped
    }
}

/// Adds a problem to those of an entity. Beyond [`MOST`] there is one more at the most: the first that is fatal, since
/// it decides what becomes of the entity.
pub(crate) fn add(problems: &mut Vec<Problem>, problem: Problem) {
    let decides = || problem.is_fatal() && !problems.iter().any(Problem::is_fatal);
    if problems.len() < MOST || decides() {
        problems.push(problem);
    }
}

/// The path of a part: of a long path the beginning, so that long names in each other do not multiply.
pub(crate) fn under(path: &str, part: impl std::fmt::Display) -> String {
    explained::path(format!("{path}.{part}"))
}

/// A value in the words of an explanation: short values as they are, long ones by their kind.
pub(crate) fn found_words(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => format!("the boolean `{flag}`"),
        Value::Number(number) => format!("the number `{number}`"),
        Value::String(text) if text.is_empty() => "an empty string".to_owned(),
        Value::String(text) if text.chars().count() <= 32 && !text.contains(['\n', '{']) => {
            format!("the string `{text}`")
        }
        Value::String(_) => "a string".to_owned(),
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}
