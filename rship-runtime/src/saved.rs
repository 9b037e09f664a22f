//! What a state file holds: values of states by instance, target and emitter, bounded in bytes. It knows
//! neither the disk nor targets.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use rship_core::json;
use serde::Deserialize;
use serde_json::value::RawValue;

/// The form that is written and read.
const VERSION: u64 = 1;

/// What a target takes beside its name and its values, in bytes: a line of its own.
const AROUND_A_TARGET: usize = 16;

/// What a value takes beside its name and itself.
const AROUND_A_VALUE: usize = 2;

/// What the file takes beside targets and instances.
const AROUND_ALL: usize = 64;

/// What an instance takes beside its name.
const AROUND_AN_INSTANCE: usize = 16;

/// A target: its instance, `None` for the executor's first, and its id.
pub(crate) type Owner = (Option<Box<str>>, Box<str>);

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error(
        "it was written by a newer version of this program (form {0}, and this one reads {VERSION})"
    )]
    Newer(u64),
    #[error("it is not a state file: {0}")]
    Broken(serde_json::Error),
    #[error("it has more than {0} bytes, which is what this device keeps")]
    TooLarge(usize),
    #[error("it cannot be read: {0}")]
    Disk(#[from] std::io::Error),
}

/// The saved values of one executor.
pub(crate) struct Saved {
    targets: BTreeMap<Owner, Values>,
    limit: usize,
    bytes: usize,
    /// How many targets have gone so far, for the order in which they are forgotten.
    gone: u64,
    /// Whether something has changed since it was written last.
    changed: bool,
}

#[derive(Default)]
struct Values {
    /// By the part of the emitter's id after `TARGET:`, as JSON.
    values: BTreeMap<Box<str>, Box<str>>,
    /// Whether the target is there; else when it went.
    away: Option<u64>,
}

/// What became of a value that was to be kept.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Kept {
    /// Whether it has no room.
    pub(crate) refused: bool,
    /// Targets that are not there, and were forgotten to make room.
    pub(crate) forgotten: Vec<Box<str>>,
}

#[derive(Deserialize)]
struct Version {
    rship_state: u64,
}

type Targets = BTreeMap<Box<str>, BTreeMap<Box<str>, Box<RawValue>>>;

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    targets: Targets,
    #[serde(default)]
    instances: BTreeMap<Box<str>, Targets>,
}

impl Saved {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            targets: BTreeMap::new(),
            limit,
            bytes: AROUND_ALL,
            gone: 0,
            changed: false,
        }
    }

    /// What a file holds.
    pub(crate) fn read(json: &[u8], limit: usize) -> Result<Self, Unreadable> {
        let form: Version = serde_json::from_slice(json).map_err(Unreadable::Broken)?;
        if form.rship_state > VERSION {
            return Err(Unreadable::Newer(form.rship_state));
        }
        let document: Document = serde_json::from_slice(json).map_err(Unreadable::Broken)?;
        let mut saved = Self::new(limit);
        let own = std::iter::once((None, document.targets));
        let others = document.instances.into_iter();
        let others = others.map(|(instance, targets)| (Some(instance), targets));
        for (instance, targets) in own.chain(others) {
            for (target, values) in targets {
                let owner = (instance.clone(), target);
                let mut known = Values {
                    away: Some(0),
                    ..Values::default()
                };
                saved.bytes += around(&owner);
                for (emitter, json) in values {
                    saved.bytes += size(&emitter, json.get());
                    known.values.insert(emitter, json.get().into());
                }
                saved.targets.insert(owner, known);
            }
        }
        if saved.bytes > limit {
            return Err(Unreadable::TooLarge(limit));
        }
        Ok(saved)
    }

    /// A target is there from now on.
    pub(crate) fn came(&mut self, owner: &Owner) {
        if let Some(known) = self.targets.get_mut(owner) {
            known.away = None;
        }
    }

    /// A target is not there any more; its values stay as long as there is room.
    pub(crate) fn went(&mut self, owner: &Owner) {
        if let Some(known) = self.targets.get_mut(owner) {
            self.gone += 1;
            known.away = Some(self.gone);
        }
    }

    pub(crate) fn value(&self, owner: &Owner, emitter: &str) -> Option<&str> {
        self.targets
            .get(owner)?
            .values
            .get(emitter)
            .map(|json| &**json)
    }

    /// Keeps a value of a target that is there, in place of the one before; forgets targets that are not, those
    /// that went first before the others, where there is no room.
    pub(crate) fn keep(&mut self, owner: &Owner, emitter: &str, json: &str) -> Kept {
        if self.value(owner, emitter) == Some(json) {
            return Kept::default();
        }
        // An older value would be worse than none.
        self.forget_value(owner, emitter);
        let size = size(emitter, json);
        let is_new = !self.targets.contains_key(owner);
        let needed = size + if is_new { around(owner) } else { 0 };
        let mut kept = Kept::default();
        while self.bytes + needed > self.limit {
            match self.forget_oldest(owner) {
                Some(forgotten) => kept.forgotten.push(forgotten),
                None => {
                    kept.refused = true;
                    return kept;
                }
            }
        }
        self.bytes += needed;
        self.changed = true;
        let known = self.targets.entry(owner.clone()).or_default();
        known.values.insert(emitter.into(), json.into());
        kept
    }

    /// Forgets the value of one emitter.
    pub(crate) fn forget_value(&mut self, owner: &Owner, emitter: &str) {
        let Some(known) = self.targets.get_mut(owner) else {
            return;
        };
        if let Some(json) = known.values.remove(emitter) {
            self.bytes -= size(emitter, &json);
            self.changed = true;
        }
        if known.values.is_empty() {
            self.forget(owner);
        }
    }

    /// Forgets a target.
    pub(crate) fn forget(&mut self, owner: &Owner) {
        if let Some(known) = self.targets.remove(owner) {
            let values = known.values.iter();
            let values: usize = values.map(|(emitter, json)| size(emitter, json)).sum();
            self.bytes -= around(owner) + values;
            self.changed = true;
        }
    }

    /// Forgets of the targets that are not there the one that went first, but never this one.
    fn forget_oldest(&mut self, but: &Owner) -> Option<Box<str>> {
        let away = self.targets.iter();
        let away = away.filter_map(|(owner, known)| Some((known.away?, owner)));
        let (_, oldest) = away.filter(|(_, owner)| *owner != but).min()?;
        let oldest = oldest.clone();
        self.forget(&oldest);
        Some(oldest.1)
    }

    /// Whether something has changed since it was written last.
    pub(crate) fn has_changed(&self) -> bool {
        self.changed
    }

    /// What it holds is not on the disk after all.
    pub(crate) fn not_written(&mut self) {
        self.changed = true;
    }

    /// All of it as a file: a line for each target.
    pub(crate) fn write(&mut self) -> String {
        self.changed = false;
        let mut out = String::with_capacity(self.bytes);
        // Writing to a string does not fail.
        let _ = write!(out, "{{\n\"rship_state\": {VERSION},\n\"targets\": {{");
        let (mut instance, mut is_first, mut others) = (&None, true, false);
        for (owner, known) in &self.targets {
            if owner.0 != *instance {
                instance = &owner.0;
                let name = quoted(instance.as_deref().unwrap_or_default());
                out.push_str(if others {
                    "\n},\n"
                } else {
                    "\n},\n\"instances\": {\n"
                });
                let _ = write!(out, "{name}: {{");
                (is_first, others) = (true, true);
            }
            let comma = if std::mem::take(&mut is_first) {
                ""
            } else {
                ","
            };
            let _ = write!(out, "{comma}\n{}: {{", quoted(&owner.1));
            for (place, (emitter, json)) in known.values.iter().enumerate() {
                let comma = if place == 0 { "" } else { "," };
                let _ = write!(out, "{comma}{}:{json}", quoted(emitter));
            }
            out.push('}');
        }
        out.push_str(if others { "\n}\n}\n}\n" } else { "\n}\n}\n" });
        out
    }
}

fn quoted(text: &str) -> String {
    json::text(&text.into())
}

fn size(emitter: &str, json: &str) -> usize {
    quoted(emitter).len() + json.len() + AROUND_A_VALUE
}

/// What a target takes beside its values: with the instance, as if it were the only one of it.
fn around((instance, target): &Owner) -> usize {
    let instance = instance.as_ref();
    let instance = instance.map_or(0, |id| quoted(id).len() + AROUND_AN_INSTANCE);
    quoted(target).len() + AROUND_A_TARGET + instance
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(target: &str) -> Owner {
        (None, target.into())
    }

    fn of(instance: &str, target: &str) -> Owner {
        (Some(instance.into()), target.into())
    }

    #[test]
    fn what_is_written_is_read_as_it_was_and_never_longer_than_counted() {
        let mut saved = Saved::new(1 << 20);
        let awkward = "a \"b\"\\\u{1}\u{fffd}ü";
        let owners = [
            own("a"),
            own(awkward),
            of("one", "a"),
            of(awkward, "z"),
            of("two", "a"),
        ];
        for owner in &owners {
            for (emitter, json) in [("level", "0.1"), (awkward, r#"{"deep":[1,null]}"#)] {
                assert_eq!(saved.keep(owner, emitter, json), Kept::default());
            }
        }
        let text = saved.write();
        assert!(
            text.len() <= saved.bytes,
            "{} of {}",
            text.len(),
            saved.bytes
        );
        let read = Saved::read(text.as_bytes(), 1 << 20).unwrap();
        assert_eq!(read.bytes, saved.bytes);
        for owner in &owners {
            assert_eq!(read.value(owner, "level"), Some("0.1"));
            assert_eq!(read.value(owner, awkward), Some(r#"{"deep":[1,null]}"#));
        }
        assert!(Saved::read(Saved::new(99).write().as_bytes(), 99).is_ok());
    }

    #[test]
    fn nothing_is_written_again_that_has_not_changed() {
        let mut saved = Saved::new(1 << 10);
        assert!(!saved.has_changed());
        saved.keep(&own("a"), "level", "1");
        assert!(saved.has_changed());
        saved.write();
        saved.keep(&own("a"), "level", "1");
        assert!(!saved.has_changed());
        saved.not_written();
        assert!(saved.has_changed());
    }

    #[test]
    fn targets_that_are_away_for_longest_make_room_and_those_that_are_there_do_not() {
        let value = format!("\"{}\"", "x".repeat(100));
        let mut saved = Saved::new(AROUND_ALL + 3 * 150);
        for target in ["there", "first", "second"] {
            assert!(!saved.keep(&own(target), "text", &value).refused);
        }
        saved.went(&own("first"));
        saved.went(&own("second"));
        let kept = saved.keep(&own("new"), "text", &value);
        assert_eq!(kept.forgotten, ["first".into()]);
        saved.came(&own("second"));
        let kept = saved.keep(&own("newer"), "text", &value);
        assert!(kept.refused && kept.forgotten.is_empty());
        assert!(saved.value(&own("second"), "text").is_some());
        assert!(saved.bytes <= saved.limit);
    }

    #[test]
    fn an_older_value_is_not_kept_where_the_newer_one_has_no_room() {
        let mut saved = Saved::new(AROUND_ALL + 100);
        saved.keep(&own("a"), "text", "\"short\"");
        let long = format!("\"{}\"", "x".repeat(200));
        assert!(saved.keep(&own("a"), "text", &long).refused);
        assert_eq!(saved.value(&own("a"), "text"), None);
        assert_eq!(saved.bytes, AROUND_ALL);
    }

    #[test]
    fn what_is_not_a_state_file_is_said_to_be_none() {
        for (text, word) in [
            ("", "not a state file"),
            ("{", "not a state file"),
            ("[]", "not a state file"),
            (r#"{"targets":{}}"#, "not a state file"),
            (r#"{"rship_state":1,"targets":[]}"#, "not a state file"),
            (
                r#"{"rship_state":1,"targets":{"a":{"b":1}}"#,
                "not a state file",
            ),
            (r#"{"rship_state":2,"other":[]}"#, "newer version"),
        ] {
            let error = Saved::read(text.as_bytes(), 1 << 10).err().unwrap();
            assert!(error.to_string().contains(word), "{text}: {error}");
        }
        let error = Saved::read(br#"{"rship_state":1,"targets":{"a":{"b":1}}}"#, 70).err();
        assert!(matches!(error, Some(Unreadable::TooLarge(70))));
    }
}
