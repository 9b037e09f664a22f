//! The journal: warnings that may come by the million, said once a second with their number.

use std::convert::Infallible;
use std::fmt::{self, Write as _};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tracing::warn;

use crate::world;

/// How often the log speaks of one topic.
const PAUSE: Duration = Duration::from_secs(1);

/// Different texts of one topic that the log tells at a time.
const DIFFERENT: usize = 8;

/// Texts of one topic that are made to be compared, between two times that the log speaks of it.
const COMPARED: usize = 1000;

/// What the log speaks of at most once a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Topic {
    CommandFailed,
    CommandDropped,
    UnknownArgument,
    UnreadableFrame,
    ImpulseDropped,
    ValueRefused,
    ValueUnwritable,
    AnswerDiscarded,
    UpdateDropped,
    TargetLeftOut,
    Unreached,
    Untold,
    UserPanic,
    Healed,
    NotKept,
    Refusal,
}

const TOPICS: usize = Topic::Refusal as usize + 1;

/// What was said, and what was held back, of each topic.
#[derive(Default)]
pub(crate) struct Journal {
    topics: [Mutex<Entry>; TOPICS],
    /// Wakes who says later what was held back.
    held: Notify,
}

#[derive(Default)]
struct Entry {
    said: Option<Instant>,
    held: Held,
}

/// What is to be said of a topic: each different text with its number.
#[derive(Default)]
struct Held {
    texts: Vec<(String, u64)>,
    /// How many texts were made.
    made: usize,
    /// Those whose text is not kept.
    others: u64,
}

impl Held {
    /// `text` is asked for as long as that costs little beside what is warned of.
    fn add(&mut self, text: &mut dyn FnMut() -> String) {
        if self.made == COMPARED {
            match &mut *self.texts {
                [(_, count)] => *count += 1,
                _ => self.others += 1,
            }
            return;
        }
        self.made += 1;
        let text = text();
        let mut known = self.texts.iter_mut();
        if let Some((_, count)) = known.find(|(held, _)| *held == text) {
            *count += 1;
        } else if self.texts.len() < DIFFERENT {
            self.texts.push((text, 1));
        } else {
            self.others += 1;
        }
    }

    fn is_empty(&self) -> bool {
        self.made == 0
    }

    fn say(self) {
        for (text, count) in self.texts {
            match count - 1 {
                0 => alert(&text),
                more => alert(&format!("{text} (and {more} more like it)")),
            }
        }
        if self.others > 0 {
            alert(&format!(
                "{} more warnings of this kind came within a second, and are not shown",
                self.others
            ));
        }
    }
}

impl Journal {
    fn entry(&self, topic: Topic) -> MutexGuard<'_, Entry> {
        self.topics[topic as usize]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Says something, or holds it back when its topic was spoken of within the last second.
    pub(crate) fn warn(&self, topic: Topic, text: impl FnOnce() -> String) {
        let mut text = Some(text);
        self.say_or_hold(topic, &mut || {
            text.take().map_or_else(String::new, |text| text())
        });
    }

    /// Compiled once, and not for each of the texts.
    #[cold]
    fn say_or_hold(&self, topic: Topic, text: &mut dyn FnMut() -> String) {
        let mut entry = self.entry(topic);
        let is_first = entry.held.is_empty();
        entry.held.add(text);
        if let Some(due) = entry.take_due() {
            // Whoever keeps the log may come back here.
            drop(entry);
            due.say();
        } else if is_first {
            self.held.notify_one();
        }
    }

    /// Says later what was held back; runs until it is dropped.
    pub(crate) async fn run(&self) -> Infallible {
        loop {
            self.held.notified().await;
            while self.catch_up() {
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    /// Says what was held back for longer than a second; whether something still is.
    pub(crate) fn catch_up(&self) -> bool {
        let mut waiting = false;
        for entry in &self.topics {
            let mut entry = entry.lock().unwrap_or_else(PoisonError::into_inner);
            if entry.held.is_empty() {
                continue;
            }
            match entry.take_due() {
                Some(due) => {
                    drop(entry);
                    due.say();
                }
                None => waiting = true,
            }
        }
        waiting
    }
}

impl Entry {
    /// What may be said now.
    fn take_due(&mut self) -> Option<Held> {
        if self.said.is_some_and(|said| world::elapsed(said) < PAUSE) {
            return None;
        }
        self.said = Some(world::now());
        Some(std::mem::take(&mut self.held))
    }
}

/// Warns a person, also in a program that keeps no log.
pub(crate) fn alert(text: &str) {
    warn!("{text}");
    if !tracing::dispatcher::has_been_set() {
        eprintln!("rship: {text}");
    }
}

/// A text from elsewhere as the log shows it: at most 200 characters, none of which steers a terminal.
pub(crate) fn shown(text: &str) -> Shown<'_> {
    Shown(text, 200)
}

/// The error of a command in the same way: ours have long ids in them, and what to do behind those.
pub(crate) fn shown_error(text: &str) -> Shown<'_> {
    Shown(text, 1000)
}

pub(crate) struct Shown<'t>(&'t str, usize);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (count, c) in self.0.chars().enumerate() {
            if count == self.1 {
                return f.write_char('…');
            }
            if c.is_control() {
                c.escape_default().fmt(f)?;
            } else {
                f.write_char(c)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(journal: &Journal, topic: Topic) -> Vec<(String, u64)> {
        journal.entry(topic).held.texts.clone()
    }

    #[test]
    fn what_comes_again_within_a_second_is_counted_and_not_said() {
        let journal = Journal::default();
        let mut made = 0;
        for _ in 0..100_000 {
            journal.warn(Topic::CommandFailed, || {
                made += 1;
                "bad".to_owned()
            });
        }
        assert_eq!(made, COMPARED + 1, "most are counted without a text");
        let bad = vec![("bad".to_owned(), 99_999)];
        assert_eq!(held(&journal, Topic::CommandFailed), bad);
        assert!(journal.catch_up(), "it is said later");
        assert_eq!(held(&journal, Topic::UnreadableFrame), []);
    }

    #[test]
    fn different_texts_of_a_topic_are_counted_each_and_there_is_a_bound_of_them() {
        let journal = Journal::default();
        for number in [0, 1, 2, 1] {
            journal.warn(Topic::CommandFailed, || format!("bad {number}"));
        }
        let each = vec![("bad 1".to_owned(), 2), ("bad 2".to_owned(), 1)];
        assert_eq!(held(&journal, Topic::CommandFailed), each);
        for number in 0..100_000 {
            journal.warn(Topic::CommandFailed, || format!("bad {number}"));
        }
        let entry = journal.entry(Topic::CommandFailed);
        assert_eq!(entry.held.texts.len(), DIFFERENT);
        let told: u64 = entry.held.texts.iter().map(|(_, count)| count).sum();
        assert_eq!(told + entry.held.others, 100_003, "none is lost");
    }

    #[test]
    fn a_text_from_elsewhere_is_cut_and_steers_no_terminal() {
        assert_eq!(shown("a\u{1b}[2J\n").to_string(), "a\\u{1b}[2J\\n");
        let long = "ü".repeat(1000);
        assert_eq!(shown(&long).to_string().chars().count(), 201);
    }
}
