//! Where in a value the one is that a decoder refused, in places that it does not name: what is inside of a
//! tagged enum is read from a copy, of which nobody knows where it came from.

use serde_json::{Error, Value};

/// How many values a payload may hold for one to be looked for: each is tried.
const MOST: usize = 256;

/// A step into a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    Index(usize),
}

/// The way from the value at `start` to the one that was refused for this reason, as far as it can be found:
/// the last of which another value is refused for not being what was expected, too. What comes behind it
/// was not looked at. `try_it` has the decoder read another value, and says why it refuses that.
pub(super) fn find(
    whole: &Value,
    start: &[Step],
    reason: &str,
    try_it: &dyn Fn(&Value) -> Option<Error>,
) -> Option<Vec<Step>> {
    let expected = expectation(reason)?;
    let inside = at(whole, start)?;
    if !matches!(inside, Value::Object(_) | Value::Array(_)) {
        return None;
    }
    let mut ways = Vec::new();
    collect(inside, &mut start.to_vec(), &mut ways);
    if ways.len() > MOST {
        return None;
    }
    let is_at_fault = |way: &&Vec<Step>| {
        let mut tried = whole.clone();
        let Some(place) = at_mut(&mut tried, way) else {
            return false;
        };
        // Of another kind than what is there, and of one that hardly anything takes.
        *place = match place {
            Value::Object(_) | Value::Array(_) => Value::Bool(true),
            _ => Value::Object(serde_json::Map::new()),
        };
        let Some(error) = try_it(&tried) else {
            return false;
        };
        let tried = error.to_string();
        tried != reason && expectation(&tried) == Some(expected)
    };
    ways.iter().rev().find(is_at_fault).cloned()
}

/// What a decoder says that it expected.
fn expectation(reason: &str) -> Option<&str> {
    let (_, expected) = reason.rsplit_once(", expected ")?;
    Some(expected)
}

fn at<'v>(value: &'v Value, way: &[Step]) -> Option<&'v Value> {
    way.iter().try_fold(value, |value, step| match step {
        Step::Key(key) => value.get(key),
        Step::Index(index) => value.get(index),
    })
}

fn at_mut<'v>(value: &'v mut Value, way: &[Step]) -> Option<&'v mut Value> {
    way.iter().try_fold(value, |value, step| match step {
        Step::Key(key) => value.get_mut(key),
        Step::Index(index) => value.get_mut(index),
    })
}

/// The ways to a value and to all inside of it, in the order in which they are read.
fn collect(value: &Value, way: &mut Vec<Step>, all: &mut Vec<Vec<Step>>) {
    if all.len() > MOST {
        return;
    }
    all.push(way.clone());
    let inside: Vec<(Step, &Value)> = match value {
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items
                .map(|(index, item)| (Step::Index(index), item))
                .collect()
        }
        Value::Object(fields) => {
            let fields = fields.iter();
            fields
                .map(|(key, field)| (Step::Key(key.clone()), field))
                .collect()
        }
        _ => return,
    };
    for (step, value) in inside {
        way.push(step);
        collect(value, way, all);
        way.pop();
    }
}
