//! A schema as the checks that it asks for, and in the words that say what it takes.

use std::cmp::Ordering;

use serde_json::{Number, Value};

use super::error::{count, quote};
use super::number::{compare, compare_single};
use crate::few::Few;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Boolean,
    Integer,
    Number,
    String,
    Array,
    Object,
}

/// What one value has to be. Every rule holds only for values of its own kind.
#[derive(Debug, Clone, Default)]
pub(super) struct Rules {
    /// `None` takes any kind.
    pub(super) kind: Option<Kind>,
    /// Empty takes any value.
    pub(super) choices: Box<[Value]>,
    pub(super) range: Range,
    pub(super) length: Length,
    pub(super) items: Option<Box<Rules>>,
    pub(super) items_length: Length,
    pub(super) fields: Option<Fields>,
    /// Where nothing is required: whether null is one of the values, or says that there is none.
    pub(super) null_is_a_value: bool,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Fields {
    pub(super) named: Few<String, Field>,
    pub(super) required: usize,
    /// Refuses fields that are not named.
    pub(super) closed: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Field {
    pub(super) rules: Rules,
    pub(super) required: bool,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Range {
    pub(super) from: Option<Bound>,
    pub(super) to: Option<Bound>,
    /// The range of a wide Rust integer, which says nothing to a person unless it is left.
    pub(super) of_type: bool,
    /// Whether numbers become an `f32`, and are compared as one: 0.1 and the `f64` next to `0.1_f32` are
    /// the same then.
    pub(super) single: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Bound {
    pub(super) at: Number,
    pub(super) exclusive: bool,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Length {
    pub(super) from: Option<usize>,
    pub(super) to: Option<usize>,
}

impl Rules {
    /// Whether null is as good as any other value.
    pub(super) fn takes_null(&self) -> bool {
        self.kind.is_none() && self.choices.is_empty()
    }

    /// What is expected, to be read after that word.
    pub(super) fn expected(&self) -> String {
        self.words(!self.range.of_type)
    }

    /// The same with the range, also where it is only that of the type.
    pub(super) fn expected_range(&self) -> String {
        self.words(true)
    }

    fn words(&self, with_range: bool) -> String {
        if !self.choices.is_empty() {
            return choices_words(&self.choices);
        }
        let range = if with_range {
            self.range.words()
        } else {
            String::new()
        };
        match self.kind {
            None if range.is_empty() => "a value".to_owned(),
            None | Some(Kind::Number) => format!("a number{range}"),
            Some(Kind::Integer) => format!("an integer{range}"),
            Some(Kind::Boolean) => "true or false".to_owned(),
            Some(Kind::String) => format!("a string{}", self.length.words("character")),
            Some(Kind::Array) => format!("an array{}", self.items_length.words("item")),
            Some(Kind::Object) => "an object".to_owned(),
        }
    }
}

fn choices_words(choices: &[Value]) -> String {
    const MOST: usize = 12;
    let mut words: Vec<String> = choices.iter().take(MOST).map(choice_words).collect();
    if choices.len() > MOST {
        words.push("…".to_owned());
    }
    let words = words.join(", ");
    if choices.len() == 1 {
        words
    } else {
        format!("one of {words}")
    }
}

/// A choice, or what came in its place: strings without the word for what they are.
pub(super) fn choice_words(value: &Value) -> String {
    match value {
        Value::String(text) => quote(text),
        other => super::error::describe(other),
    }
}

impl Range {
    pub(super) fn holds(&self, number: &Number) -> bool {
        let above = self
            .from
            .as_ref()
            .is_none_or(|from| !from.is_broken_by(self.compare(number, from), Ordering::Less));
        let below = self
            .to
            .as_ref()
            .is_none_or(|to| !to.is_broken_by(self.compare(number, to), Ordering::Greater));
        above && below
    }

    fn compare(&self, number: &Number, bound: &Bound) -> Option<Ordering> {
        if self.single {
            compare_single(number, &bound.at)
        } else {
            compare(number, &bound.at)
        }
    }

    fn words(&self) -> String {
        match (&self.from, &self.to) {
            (None, None) => String::new(),
            (Some(from), None) if from.exclusive => format!(" above {}", from.at),
            (Some(from), None) => format!(" of at least {}", from.at),
            (None, Some(to)) if to.exclusive => format!(" below {}", to.at),
            (None, Some(to)) => format!(" of at most {}", to.at),
            (Some(from), Some(to)) => {
                let (from_word, to_word) = match (from.exclusive, to.exclusive) {
                    (false, false) => ("from", "to"),
                    (false, true) => ("from", "to below"),
                    (true, false) => ("above", "up to"),
                    (true, true) => ("above", "and below"),
                };
                format!(" {from_word} {} {to_word} {}", from.at, to.at)
            }
        }
    }
}

impl Bound {
    fn is_broken_by(&self, ordering: Option<Ordering>, outside: Ordering) -> bool {
        ordering == Some(outside) || (self.exclusive && ordering == Some(Ordering::Equal))
    }
}

impl Length {
    pub(super) fn holds(&self, length: usize) -> bool {
        self.from.is_none_or(|from| length >= from) && self.to.is_none_or(|to| length <= to)
    }

    pub(super) fn is_any(&self) -> bool {
        self.from.is_none() && self.to.is_none()
    }

    fn words(&self, what: &str) -> String {
        match (self.from, self.to) {
            (None | Some(0), None) => String::new(),
            (Some(from), None) => format!(" of at least {}", count(from, what)),
            (None | Some(0), Some(to)) => format!(" of at most {}", count(to, what)),
            (Some(from), Some(to)) if from == to => format!(" of {}", count(to, what)),
            (Some(from), Some(to)) => format!(" of {from} to {}", count(to, what)),
        }
    }
}
