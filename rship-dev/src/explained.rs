//! What a real server would drop without a word, in words.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;

use serde::Serialize;

use crate::reading::Problem;
use crate::speaking;

/// The item type under which the drops can be queried over the wire.
pub const DROP_TYPE: &str = "rship-dev:Drop";
/// The item type under which the warnings can be queried over the wire.
pub const WARNING_TYPE: &str = "rship-dev:Warning";

/// How many different explanations are kept; the oldest make room. With what is kept of each they take 5 MB at most.
const KEPT: usize = 1_000;
/// How much is kept of an id, of the path of a field, and of a reason, in bytes: whoever is refused chooses them.
const ID_KEPT: usize = 256;
const REASON_KEPT: usize = 1_024;

/// A text, or its beginning when it is longer than that many bytes.
pub(crate) fn excerpt(text: &str, most: usize) -> Cow<'_, str> {
    if text.len() <= most {
        return text.into();
    }
    let end = text.floor_char_boundary(most);
    [&text[..end], ".."].concat().into()
}

/// Cuts a text that is longer than that many bytes.
fn cut(text: String, most: usize) -> String {
    match excerpt(&text, most) {
        // What was shorter may have room for more.
        Cow::Borrowed(_) if text.capacity() <= most => text,
        short => short.into_owned(),
    }
}

/// As much of the path of a field as is kept.
pub(crate) fn path(field: String) -> String {
    cut(field, ID_KEPT)
}

/// As much of a reason as is kept.
pub(crate) fn reason(reason: String) -> String {
    cut(reason, REASON_KEPT)
}

/// What became of the thing that is explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// It was not stored, or not acted upon.
    Dropped,
    /// It was stored, but a part of it will not work as its author expects.
    Kept,
}

/// One thing that a server of this generation drops or cannot use, with the reason.
///
/// `Display` is the whole sentence, for instance ``the Action `stand:burn` was dropped: `schema` is
/// a string, a 2026 server wants an object or null``.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Explained {
    /// The entity's type (`Target`, `Action`, ...); for a frame that cannot be read, its event (`ws:m:ping`, ...) or `frame`.
    pub item_type: String,
    /// The entity's id, or the frame's transaction; empty when it has none.
    #[serde(rename = "itemId")]
    pub id: String,
    /// The field at fault as a dotted path; empty when it is about the whole.
    pub field: String,
    /// What was found there and what a server wants.
    pub reason: String,
    /// The client that sent it.
    pub client_id: String,
    /// How often the same was met.
    pub count: u64,
    /// Whether it was dropped, or kept with a warning.
    pub verdict: Verdict,
    /// Which explanation it is; given when it is added.
    #[serde(skip)]
    pub(crate) number: u64,
}

/// An [`Explained`] whose verdict is [`Verdict::Dropped`].
pub type Dropped = Explained;

impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            item_type,
            id,
            reason,
            ..
        } = self;
        if id.is_empty() {
            write!(f, "a {item_type}")?;
        } else {
            write!(f, "the {item_type} `{id}`")?;
        }
        match self.verdict {
            Verdict::Dropped => write!(f, " was dropped: {reason}"),
            Verdict::Kept => write!(f, " was kept, but {reason}"),
        }
    }
}

impl Explained {
    /// What is wrong with a thing of the client, as it is kept: long ids and types are cut.
    pub(crate) fn new(item_type: &str, id: &str, problem: Problem, client_id: String) -> Self {
        Self {
            item_type: excerpt(item_type, ID_KEPT).into_owned(),
            id: excerpt(id, ID_KEPT).into_owned(),
            field: path(problem.field),
            reason: reason(problem.reason),
            client_id,
            count: 1,
            verdict: problem.verdict,
            number: 0,
        }
    }

    /// The id under which it can be queried; in the order of ids the oldest comes first.
    pub(crate) fn key(&self) -> String {
        format!("{:012}", self.number)
    }

    fn says_the_same(&self, other: &Self) -> bool {
        self.item_type == other.item_type
            && self.id == other.id
            && self.field == other.field
            && self.reason == other.reason
            && self.client_id == other.client_id
            && self.verdict == other.verdict
    }
}

/// An explanation, and when it was met last, in milliseconds since 1970.
#[derive(Debug)]
struct Met {
    explained: Explained,
    at: u64,
}

/// The explanations so far, equal ones counted instead of repeated.
#[derive(Debug, Default)]
pub(crate) struct Explanations {
    list: VecDeque<Met>,
    added: u64,
}

impl Explanations {
    /// Adds one and returns it as it is now kept, and the oldest if that had to make room.
    pub(crate) fn add(&mut self, mut new: Explained) -> (Explained, Option<Explained>) {
        let at = speaking::millis();
        let mut list = self.list.iter_mut();
        if let Some(met) = list.find(|met| met.explained.says_the_same(&new)) {
            met.at = at;
            let known = &mut met.explained;
            known.count += 1;
            tracing::debug!(target: "rship_dev", count = known.count, "{known}");
            return (known.clone(), None);
        }
        tracing::warn!(target: "rship_dev", item_type = %new.item_type, id = %new.id, field = %new.field, "{new}");
        self.added += 1;
        new.number = self.added;
        let oldest = if self.list.len() == KEPT {
            self.list.pop_front().map(|met| met.explained)
        } else {
            None
        };
        let explained = new.clone();
        self.list.push_back(Met { explained, at });
        (new, oldest)
    }

    /// All of them, and when each was met last.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Explained, u64)> {
        self.list.iter().map(|met| (&met.explained, met.at))
    }

    pub(crate) fn with(&self, verdict: Verdict) -> Vec<Explained> {
        let all = self.iter().map(|(explained, _)| explained);
        all.filter(|explained| explained.verdict == verdict)
            .cloned()
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explained(reason: &str) -> Explained {
        Explained {
            item_type: "Action".into(),
            id: "x:y".into(),
            field: "schema".into(),
            reason: reason.into(),
            client_id: "c".into(),
            count: 1,
            verdict: Verdict::Dropped,
            number: 0,
        }
    }

    #[test]
    fn display_is_a_sentence_about_the_entity() {
        let one = explained("`schema` is a string, a 2026 server wants an object or null");
        assert_eq!(
            one.to_string(),
            "the Action `x:y` was dropped: `schema` is a string, a 2026 server wants an object or null"
        );
        let frame = Explained {
            item_type: "ws:m:ping".into(),
            id: String::new(),
            ..explained("`id` is missing")
        };
        assert_eq!(
            frame.to_string(),
            "a ws:m:ping was dropped: `id` is missing"
        );
    }

    #[test]
    fn little_is_kept_of_what_is_long() {
        let long = "ü".repeat(1 << 20);
        let problem = Problem::fatal(long.clone(), long.clone());
        let kept = Explained::new(&long, &long, problem, String::new());
        let texts = [&kept.item_type, &kept.id, &kept.field, &kept.reason];
        assert!(texts.iter().all(|text| text.ends_with("ü..")));
        let held: usize = texts.iter().map(|text| text.capacity()).sum();
        assert!(held < 2_000, "{held}");
    }

    #[test]
    fn equal_explanations_are_counted_and_the_list_is_bounded() {
        let mut all = Explanations::default();
        all.add(explained("a"));
        assert_eq!(all.add(explained("a")).0.count, 2);
        assert_eq!(all.with(Verdict::Dropped).len(), 1);
        let gone: Vec<_> = (0..2 * KEPT)
            .filter_map(|number| all.add(explained(&number.to_string())).1)
            .collect();
        assert_eq!((gone.len(), gone[0].reason.as_str()), (KEPT + 1, "a"));
        assert_eq!(all.with(Verdict::Dropped).len(), KEPT);
        assert!(all.with(Verdict::Kept).is_empty());
    }
}
