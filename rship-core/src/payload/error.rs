//! The reason why a payload was refused, in words for the person who sent it.

use std::fmt;

use serde_json::Value;

/// Why a payload was refused.
///
/// Its text names the argument: ``argument `count`: expected an integer from 1 to 12, got 13``.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct PayloadError {
    /// The argument and the way into it, as in `points[2].x`; empty for the payload itself.
    pub path: String,
    /// What would have been taken; empty where only the type knows, which says it in its reason.
    pub expected: String,
    /// What came instead.
    pub got: Got,
}

/// What came in place of an argument.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Got {
    /// Nothing.
    Missing,
    /// A null where a value is needed.
    Null,
    /// An argument that a closed struct does not have.
    Unknown,
    /// Something else, described in words, cut if it is long.
    Value(String),
    /// A value that the argument's type refused, with its reason.
    Refused(String),
}

impl PayloadError {
    /// The same error for a value that was found under `name`.
    #[must_use]
    pub fn under(mut self, name: &str) -> Self {
        let mut path = name.to_owned();
        if !self.path.is_empty() && !self.path.starts_with('[') {
            path.push('.');
        }
        path.push_str(&self.path);
        self.path = path;
        self
    }
}

impl fmt::Display for PayloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            f.write_str("the payload")?;
        } else {
            write!(f, "argument `{}`", self.path)?;
        }
        match &self.got {
            Got::Missing => f.write_str(" is missing")?,
            Got::Null => f.write_str(" is null")?,
            Got::Unknown => f.write_str(" is unknown")?,
            Got::Value(got) => return write!(f, ": expected {}, got {got}", self.expected),
            Got::Refused(reason) => return write!(f, ": {reason}"),
        }
        if self.expected.is_empty() {
            Ok(())
        } else {
            write!(f, ": expected {}", self.expected)
        }
    }
}

/// What is said of a value that came, which may be megabytes.
const LONGEST: usize = 60;

/// A received value in words.
pub(crate) fn describe(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => cut(&number.to_string(), LONGEST),
        Value::String(text) => format!("the string {}", quote(text)),
        Value::Array(items) if items.is_empty() => "an empty array".to_owned(),
        Value::Array(items) => format!("an array of {}", count(items.len(), "item")),
        Value::Object(fields) if fields.is_empty() => "an empty object".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

/// A string in quotes, cut if it is long.
pub(super) fn quote(text: &str) -> String {
    format!("\"{}\"", cut(text, LONGEST).escape_debug())
}

/// `1 item`, `3 items`.
pub(super) fn count(number: usize, what: &str) -> String {
    if number == 1 {
        format!("1 {what}")
    } else {
        format!("{number} {what}s")
    }
}

/// So much of a text; an error goes into a log and back over the wire.
pub(super) fn cut(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
