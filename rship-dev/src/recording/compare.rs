//! What came back differently.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;
use serde_json::Value;

use super::fact::{Fact, Key, Names, by_key, same};
use crate::explained::excerpt;

/// How much of a value is shown.
const SHOWN: usize = 200;

/// How many values of one emitter are shown.
const VALUES: usize = 10;

/// How many pairs that look alike are tried as one with another name.
const PAIRS: usize = 32;

/// What a difference is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(
    tag = "subject",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
#[non_exhaustive]
pub enum Subject {
    /// An entity as it was announced: a target, an action, an emitter, a status, or another.
    Entity {
        /// Its type.
        item_type: String,
        /// Its id.
        id: String,
    },
    /// The values of an emitter.
    Pulse {
        /// The pulse's id: that of the emitter, on a 2026 server with the instance behind it.
        id: String,
    },
    /// The answer to a command.
    Answer {
        /// The action that it ran, or the name of the command where it names none.
        to: String,
    },
    /// Commands that the executor sent.
    Command {
        /// The command's name.
        id: String,
    },
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entity { item_type, id } => write!(f, "{item_type} `{id}`"),
            Self::Pulse { id } => write!(f, "values of `{id}`"),
            Self::Answer { to } => write!(f, "answer to `{to}`"),
            Self::Command { id } => write!(f, "command `{id}`"),
        }
    }
}

/// Something that came back differently.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "difference", rename_all = "camelCase")]
#[non_exhaustive]
pub enum Difference {
    /// What is in the recording did not come.
    Missing {
        /// The connection of the executor, from 1.
        connection: usize,
        /// What it is about.
        #[serde(flatten)]
        subject: Subject,
        /// What did not come.
        recorded: Vec<Value>,
    },
    /// What came is not in the recording.
    Unexpected {
        /// The connection of the executor, from 1.
        connection: usize,
        /// What it is about.
        #[serde(flatten)]
        subject: Subject,
        /// What came.
        replayed: Vec<Value>,
    },
    /// It came with another content.
    Changed {
        /// The connection of the executor, from 1.
        connection: usize,
        /// What it is about.
        #[serde(flatten)]
        subject: Subject,
        /// Which of the values of this emitter, or contents of this entity, from 1: the first that differs.
        place: usize,
        /// Where in it, as a JSON pointer; empty for all of it.
        path: String,
        /// What is there in the recording; `null` for nothing.
        recorded: Value,
        /// What is there now; `null` for nothing.
        replayed: Value,
    },
    /// The same came in another order.
    Reordered {
        /// The connection of the executor, from 1.
        connection: usize,
        /// What it is about.
        #[serde(flatten)]
        subject: Subject,
        /// The order in the recording.
        recorded: Vec<Value>,
        /// The order now.
        replayed: Vec<Value>,
    },
    /// The same has another id. What follows from that alone is not said again.
    Renamed {
        /// `Target`, `Action` or `Emitter`.
        #[serde(rename = "itemType")]
        item_type: String,
        /// The id in the recording.
        recorded: String,
        /// The id now.
        replayed: String,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let on = |connection: &usize| match connection {
            1 => String::new(),
            later => format!(" (connection {later})"),
        };
        match self {
            Self::Missing {
                connection,
                subject,
                recorded,
            } => {
                let (on, list) = (on(connection), List(recorded));
                write!(f, "{subject}{on}: did not come: {list}")
            }
            Self::Unexpected {
                connection,
                subject,
                replayed,
            } => {
                let (on, list) = (on(connection), List(replayed));
                write!(f, "{subject}{on}: not in the recording: {list}")
            }
            Self::Changed {
                connection,
                subject,
                place,
                path,
                recorded,
                replayed,
            } => {
                write!(f, "{subject}{}: ", on(connection))?;
                if *place > 1 || matches!(subject, Subject::Pulse { .. }) {
                    write!(f, "number {place}: ")?;
                }
                if !path.is_empty() {
                    write!(f, "{path}: ")?;
                }
                write!(f, "recorded {}, now {}", Short(recorded), Short(replayed))
            }
            Self::Reordered {
                connection,
                subject,
                recorded,
                replayed,
            } => {
                let on = on(connection);
                let (recorded, replayed) = (List(recorded), List(replayed));
                write!(
                    f,
                    "{subject}{on}: other order: recorded {recorded}; now {replayed}"
                )
            }
            Self::Renamed {
                item_type,
                recorded,
                replayed,
            } => write!(f, "{item_type} `{recorded}` is `{replayed}` now"),
        }
    }
}

struct Short<'a>(&'a Value);

impl fmt::Display for Short<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&excerpt(&self.0.to_string(), SHOWN))
    }
}

struct List<'a>(&'a [Value]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, value) in self.0.iter().take(VALUES).enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{}", Short(value))?;
        }
        match self.0.len().saturating_sub(VALUES) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// What came of playing a recording.
///
/// Compared are the ids and contents of entities, the values of each emitter in their order, the answer to each
/// command, and the commands that the executor sent. Times, transactions, hashes, ids of clients and machines, queries
/// and how often an unchanged entity is announced are not; nor is the order between one emitter and another, nor what
/// an executor says when it ends. An instance with another id counts as that of the recording with the same service.
#[derive(Debug, Clone, PartialEq)]
#[must_use = "what came back differently is in it"]
pub struct Comparison {
    differences: Vec<Difference>,
    compared: usize,
}

impl Comparison {
    /// What came back differently.
    #[must_use]
    pub fn differences(&self) -> &[Difference] {
        &self.differences
    }

    /// Whether nothing did.
    #[must_use]
    pub const fn is_same(&self) -> bool {
        self.differences.is_empty()
    }

    /// How many things of the recording were compared.
    #[must_use]
    pub const fn compared(&self) -> usize {
        self.compared
    }

    /// # Panics
    /// When something came back differently; it says what.
    #[track_caller]
    #[allow(clippy::panic, reason = "it is an assertion")]
    pub fn assert_same(&self) {
        if !self.is_same() {
            panic!("{self}");
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.differences.len() {
            0 => return write!(f, "the same as recorded, in {} things", self.compared),
            1 => f.write_str("1 thing came back differently:")?,
            many => write!(f, "{many} things came back differently:")?,
        }
        for difference in &self.differences {
            write!(f, "\n  {difference}")?;
        }
        Ok(())
    }
}

/// Compares what came on each connection.
pub(crate) fn compare(
    mut recorded: Vec<Vec<Fact>>,
    replayed: Vec<Vec<Fact>>,
    labels: BTreeMap<String, String>,
) -> Comparison {
    let compared = recorded.iter().map(Vec::len).sum();
    let mut renamed = Vec::new();
    let mut differences = all(&recorded, &replayed, &labels);
    while let Some((rename, other, fewer)) =
        find_rename(&recorded, &replayed, &labels, &differences)
    {
        renamed.push(rename);
        recorded = other;
        differences = fewer;
    }
    renamed.extend(differences);
    Comparison {
        differences: renamed,
        compared,
    }
}

fn all(
    recorded: &[Vec<Fact>],
    replayed: &[Vec<Fact>],
    labels: &BTreeMap<String, String>,
) -> Vec<Difference> {
    let mut differences = Vec::new();
    for (index, (recorded, replayed)) in recorded.iter().zip(replayed).enumerate() {
        let (recorded, replayed) = (by_key(recorded), by_key(replayed));
        let keys: BTreeSet<&Key> = recorded.keys().chain(replayed.keys()).collect();
        for key in keys {
            let of = |all: &BTreeMap<Key, Vec<Value>>| all.get(key).cloned().unwrap_or_default();
            let subject = match key {
                Key::Entity(item_type, id) => Subject::Entity {
                    item_type: item_type.clone(),
                    id: id.clone(),
                },
                Key::Pulse(id) => Subject::Pulse { id: id.clone() },
                Key::Answer(tx) => Subject::Answer {
                    to: labels.get(tx).unwrap_or(tx).clone(),
                },
                Key::Command(id) => Subject::Command { id: id.clone() },
            };
            differences.extend(between(index + 1, subject, of(&recorded), of(&replayed)));
        }
    }
    differences
}

fn between(
    connection: usize,
    subject: Subject,
    recorded: Vec<Value>,
    replayed: Vec<Value>,
) -> Option<Difference> {
    let missing = left_over(&recorded, &replayed);
    let unexpected = left_over(&replayed, &recorded);
    if let (Some([]), _) | (_, Some([])) = (missing.as_deref(), unexpected.as_deref()) {
        return None;
    }
    if let Some(recorded) = missing {
        return Some(Difference::Missing {
            connection,
            subject,
            recorded,
        });
    }
    if let Some(replayed) = unexpected {
        return Some(Difference::Unexpected {
            connection,
            subject,
            replayed,
        });
    }
    if is_reordered(&recorded, &replayed) {
        return Some(Difference::Reordered {
            connection,
            subject,
            recorded,
            replayed,
        });
    }
    let pairs = recorded.iter().zip(&replayed);
    let (index, (one, other)) = pairs
        .enumerate()
        .find(|(_, (one, other))| !same(one, other))?;
    let mut path = String::new();
    let (recorded, replayed) = first_difference(one, other, &mut path);
    Some(Difference::Changed {
        connection,
        subject,
        place: index + 1,
        path,
        recorded: recorded.clone(),
        replayed: replayed.clone(),
    })
}

/// What of the first list is not in the second, when the second is the first without that.
fn left_over(long: &[Value], short: &[Value]) -> Option<Vec<Value>> {
    let mut left = Vec::new();
    let mut short = short.iter().peekable();
    for value in long {
        match short.next_if(|next| same(next, value)) {
            Some(_) => {}
            None => left.push(value.clone()),
        }
    }
    short.next().is_none().then_some(left)
}

fn is_reordered(one: &[Value], other: &[Value]) -> bool {
    let mut left: Vec<&Value> = other.iter().collect();
    one.len() == other.len()
        && one.iter().all(|value| {
            let place = left.iter().position(|other| same(value, other));
            place.map(|place| left.swap_remove(place)).is_some()
        })
}

fn first_difference<'v>(
    one: &'v Value,
    other: &'v Value,
    path: &mut String,
) -> (&'v Value, &'v Value) {
    let names: Vec<String> = match (one, other) {
        // Those without a field in common are something else altogether.
        (Value::Object(one), Value::Object(other))
            if one.keys().any(|name| other.contains_key(name)) =>
        {
            let names: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            names.into_iter().cloned().collect()
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            (0..one.len()).map(|index| index.to_string()).collect()
        }
        _ => return (one, other),
    };
    for name in names {
        let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
        let of = |value: &'v Value| value.pointer(&pointer).unwrap_or(&Value::Null);
        let is_there = |value: &Value| value.pointer(&pointer).is_some();
        let (a, b) = (of(one), of(other));
        if !same(a, b) || is_there(one) != is_there(other) {
            path.push_str(&pointer);
            return first_difference(a, b, path);
        }
    }
    (one, other)
}

type Renamed = (Difference, Vec<Vec<Fact>>, Vec<Difference>);

/// An entity that is missing and one that nobody expected, when most of what differs is explained by one name.
fn find_rename(
    recorded: &[Vec<Fact>],
    replayed: &[Vec<Fact>],
    labels: &BTreeMap<String, String>,
    differences: &[Difference],
) -> Option<Renamed> {
    const TYPES: [&str; 3] = ["Target", "Action", "Emitter"];
    let of = |missing: bool| -> Vec<(&str, &str, &Value)> {
        let found = differences.iter().filter_map(|difference| {
            let (subject, values) = match difference {
                Difference::Missing {
                    subject, recorded, ..
                } if missing => (subject, recorded),
                Difference::Unexpected {
                    subject, replayed, ..
                } if !missing => (subject, replayed),
                _ => return None,
            };
            let Subject::Entity { item_type, id } = subject else {
                return None;
            };
            let known = TYPES.contains(&item_type.as_str());
            known.then_some((item_type.as_str(), id.as_str(), values.first()?))
        });
        found.collect()
    };
    let (gone, new) = (of(true), of(false));
    let pairs = TYPES.iter().flat_map(|item_type| {
        let gone = gone.iter().filter(move |(of, ..)| of == item_type);
        gone.flat_map(|gone| {
            let same_type = new.iter().filter(move |(of, ..)| *of == gone.0);
            same_type.map(move |new| (gone, new))
        })
    });
    let alike = pairs.filter_map(|((item_type, gone, was), (_, new, is))| {
        let mut names = Names::default();
        names.add(gone, new);
        let mut was = (*was).clone();
        names.document(&mut was);
        // What people read may be made of the id.
        was["name"] = is["name"].clone();
        same(&was, is).then_some((*item_type, *gone, *new, names))
    });
    for (item_type, gone, new, names) in alike.take(PAIRS) {
        let other: Vec<Vec<Fact>> = recorded
            .iter()
            .map(|facts| facts.iter().map(|fact| fact.renamed(&names)).collect())
            .collect();
        let fewer = all(&other, replayed, labels);
        // A name and its consequence: the entity itself is neither missing nor unexpected.
        if fewer.len() + 2 <= differences.len() {
            let rename = Difference::Renamed {
                item_type: item_type.to_owned(),
                recorded: gone.to_owned(),
                replayed: new.to_owned(),
            };
            return Some((rename, other, fewer));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn values(values: Value) -> Vec<Value> {
        values.as_array().unwrap().clone()
    }

    fn differ(recorded: Value, replayed: Value) -> Option<String> {
        let subject = Subject::Pulse {
            id: "a:b".to_owned(),
        };
        between(1, subject, values(recorded), values(replayed)).map(|found| found.to_string())
    }

    #[test]
    fn each_kind_of_difference_is_told_apart() {
        for (recorded, replayed, said) in [
            (json!([1, 2, 2]), json!([1, 2.0, 2]), None),
            (json!([1, 2, 2]), json!([1, 2]), Some("did not come: 2")),
            (json!([1, 2]), json!([1]), Some("did not come: 2")),
            (json!([1]), json!([3, 1]), Some("not in the recording: 3")),
            (
                json!([1, 2]),
                json!([2, 1]),
                Some("other order: recorded 1, 2; now 2, 1"),
            ),
            (
                json!([1, {"a": [1, {"b/c": 2}]}]),
                json!([1, {"a": [1, {"b/c": 3}]}]),
                Some("number 2: /a/1/b~1c: recorded 2, now 3"),
            ),
            (
                json!([{"a": 1}]),
                json!([{"a": 1, "b": null}]),
                Some("number 1: /b: recorded null, now null"),
            ),
        ] {
            let said = said.map(|said| format!("values of `a:b`: {said}"));
            assert_eq!(differ(recorded, replayed), said);
        }
    }
}
