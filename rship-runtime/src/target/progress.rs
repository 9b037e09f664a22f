//! Progress: how far the runs of a long action are, published as a state whenever one of them says so.
//!
//! The lock of the runs is taken above the outbox's, so that what is published last is what was said last.

use std::sync::{Arc, Mutex};

use rship_core::Published;
use rship_core::change::with_scratch;
use rship_core::model::{Progress, RunProgress, RunState};
use rship_core::show::UnitInterval;

use super::lock::lock;
use crate::outbox::{Outbox, SlotId, Source};

/// What of a text is told, in bytes: progress is said often.
const TEXT: usize = 1 << 10;

/// The runs of one action of one target.
pub(crate) struct Runs {
    action: usize,
    outbox: Arc<Outbox>,
    slot: SlotId,
    source: Arc<Source>,
    progress: Mutex<Progress>,
}

/// One of them.
#[derive(Clone)]
pub(crate) struct Run {
    runs: Arc<Runs>,
    number: u64,
}

impl Runs {
    pub(super) fn new(
        action: usize,
        outbox: &Arc<Outbox>,
        slot: SlotId,
        source: &Arc<Source>,
    ) -> Arc<Self> {
        Arc::new(Self {
            action,
            outbox: Arc::clone(outbox),
            slot,
            source: Arc::clone(source),
            progress: Mutex::default(),
        })
    }

    pub(super) fn are_of(&self, action: usize) -> bool {
        self.action == action
    }

    /// A run begins: it is the newest now.
    pub(super) fn begin(self: &Arc<Self>) -> Run {
        let mut progress = lock(&self.progress);
        let number = progress.newest.run + 1;
        let begun = RunProgress {
            run: number,
            state: RunState::Running,
            ..RunProgress::default()
        };
        let before = std::mem::replace(&mut progress.newest, begun);
        if !is_running(&before) {
            keep_last_ended(&mut progress.others, before.run);
        }
        if before.run > 0 {
            progress.others.insert(0, before);
        }
        self.tell(&progress);
        Run {
            runs: Arc::clone(self),
            number,
        }
    }

    /// Those that run are told as cancelled, whatever their handlers still do; returns where that is told.
    pub(super) fn cancel(&self, why: &str) -> SlotId {
        let mut progress = lock(&self.progress);
        let Progress { newest, others } = &mut *progress;
        let last = others.iter().find(|run| is_running(run));
        let last = last.map(|run| run.run);
        for run in std::iter::once(newest).chain(&mut *others) {
            if is_running(run) {
                run.state = RunState::Cancelled;
                why.clone_into(&mut run.text);
            }
        }
        if let Some(last) = last {
            keep_last_ended(others, last);
        }
        self.tell(&progress);
        self.slot
    }

    /// Publishes how it is, before anything was said.
    pub(super) fn publish(&self) -> Option<Published> {
        self.tell(&lock(&self.progress))
    }

    fn tell(&self, progress: &Progress) -> Option<Published> {
        with_scratch(|json| {
            // Numbers and texts can always be written.
            serde_json::to_writer(&mut *json, progress).ok()?;
            self.outbox.state(self.slot, &self.source, json)
        })
    }
}

impl Run {
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// The place of what it publishes.
    pub(super) fn slot(&self) -> SlotId {
        self.runs.slot
    }

    /// It is this far. Nothing is said of a run that has ended.
    pub(crate) fn say(&self, progress: f64, text: Option<String>) {
        self.set(|run| {
            run.progress = UnitInterval::clamp(progress);
            if let Some(text) = text {
                run.text = text;
            }
        });
    }

    /// It has ended in this way; the text says why, if it did not end well. `false` when it was told to have
    /// ended before, by who cancelled it.
    pub(super) fn end(&self, state: RunState, text: Option<&str>) -> bool {
        self.set(|run| {
            run.state = state;
            if state == RunState::Done {
                run.progress = UnitInterval::ONE;
            }
            if let Some(text) = text {
                text.clone_into(&mut run.text);
            }
        })
    }

    /// Says something of it, unless it has ended.
    fn set(&self, set: impl FnOnce(&mut RunProgress)) -> bool {
        let mut guard = lock(&self.runs.progress);
        let Progress { newest, others } = &mut *guard;
        let is_newest = newest.run == self.number;
        let mut all = std::iter::once(newest).chain(&mut *others);
        let own = all.find(|run| run.run == self.number && is_running(run));
        let Some(own) = own else {
            return false;
        };
        set(own);
        own.text.truncate(own.text.floor_char_boundary(TEXT));
        if !is_running(own) && !is_newest {
            keep_last_ended(others, self.number);
        }
        self.runs.tell(&guard);
        true
    }
}

/// Of older runs that have ended, only the last is told of.
fn keep_last_ended(others: &mut Vec<RunProgress>, last: u64) {
    others.retain(|other| is_running(other) || other.run == last);
}

fn is_running(run: &RunProgress) -> bool {
    run.state == RunState::Running
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Journal;
    use crate::metrics::Counters;
    use crate::outbox::TargetNumber;
    use crate::settings::Limits;
    use rship_core::descriptor::Pace;

    fn runs() -> (Arc<Runs>, Arc<Source>) {
        let counters = Arc::new(Counters::default());
        let journal = Arc::new(Journal::default());
        let outbox = Arc::new(Outbox::new(Limits::default(), counters, journal));
        let source = Arc::new(Source::new(
            "t:fade-progress".to_owned(),
            "i".into(),
            Pace::default(),
            false,
        ));
        let slot = outbox.open(Arc::clone(&source), TargetNumber::default());
        (Runs::new(0, &outbox, slot, &source), source)
    }

    fn told(source: &Source) -> serde_json::Value {
        serde_json::from_slice(&source.newest().unwrap()).unwrap()
    }

    #[test]
    fn the_newest_run_is_in_front_and_the_end_of_no_other_is_lost() {
        let (runs, source) = runs();
        assert!(runs.publish().is_some());
        assert_eq!(told(&source)["state"], "idle");
        let first = runs.begin();
        first.say(0.25, Some("lens 1".to_owned()));
        let second = runs.begin();
        first.end(RunState::Cancelled, Some("a newer one took over"));
        second.say(7.0, None);
        let now = told(&source);
        assert_eq!((&now["run"], &now["progress"]), (&2.into(), &1.0.into()));
        let other = &now["others"][0];
        assert_eq!(
            (&other["run"], &other["state"]),
            (&1.into(), &"cancelled".into())
        );
        // What is said after the end is not told.
        first.say(0.5, None);
        assert_eq!(told(&source), now);
    }

    #[test]
    fn of_runs_that_have_ended_the_last_alone_is_kept_beside_those_that_run() {
        let (runs, source) = runs();
        let running = runs.begin();
        for _ in 0..1000 {
            runs.begin().end(RunState::Done, None);
        }
        let others = told(&source)["others"].clone();
        assert_eq!(others.as_array().map(Vec::len), Some(2), "{others}");
        running.end(RunState::Failed, Some(&"x".repeat(5000)));
        let others = told(&source)["others"].clone();
        assert_eq!(others.as_array().map(Vec::len), Some(1), "{others}");
        assert_eq!(others[0]["text"].as_str().map(str::len), Some(TEXT));
    }
}
