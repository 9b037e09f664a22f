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
    held: u64,
    /// The first that was held back.
    text: String,
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
        let due = entry.said.is_none_or(|said| world::elapsed(said) >= PAUSE);
        if !due {
            entry.held += 1;
            if entry.held == 1 {
                self.held.notify_one();
            }
            if entry.text.is_empty() {
                entry.text = text();
            }
            return;
        }
        let held = std::mem::take(&mut entry.held);
        entry.said = Some(world::now());
        entry.text.clear();
        // Whoever keeps the log may come back here.
        drop(entry);
        say(&text(), held);
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
            if entry.held == 0 {
                continue;
            }
            if entry.said.is_some_and(|said| world::elapsed(said) < PAUSE) {
                waiting = true;
                continue;
            }
            let more = std::mem::take(&mut entry.held) - 1;
            let text = std::mem::take(&mut entry.text);
            entry.said = Some(world::now());
            drop(entry);
            say(&text, more);
        }
        waiting
    }
}

fn say(text: &str, more: u64) {
    if more == 0 {
        alert(text);
    } else {
        alert(&format!("{text} (and {more} more like it)"));
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
    Shown(text)
}

pub(crate) struct Shown<'t>(&'t str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LONGEST: usize = 200;
        for (count, c) in self.0.chars().enumerate() {
            if count == LONGEST {
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

    #[test]
    fn what_comes_again_within_a_second_is_counted_and_not_said() {
        let journal = Journal::default();
        let mut made = 0;
        for _ in 0..1000 {
            journal.warn(Topic::CommandFailed, || {
                made += 1;
                "bad".to_owned()
            });
        }
        assert_eq!(made, 2, "one that was said and the first that was not");
        assert_eq!(journal.entry(Topic::CommandFailed).held, 999);
        assert!(journal.catch_up(), "it is said later");
        assert_eq!(journal.entry(Topic::UnreadableFrame).held, 0);
    }

    #[test]
    fn a_text_from_elsewhere_is_cut_and_steers_no_terminal() {
        assert_eq!(shown("a\u{1b}[2J\n").to_string(), "a\\u{1b}[2J\\n");
        let long = "ü".repeat(1000);
        assert_eq!(shown(&long).to_string().chars().count(), 201);
    }
}
