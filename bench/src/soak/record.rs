//! What a soak writes down while it runs, and what somebody who watches is shown of it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::fault::Fault;
use super::sample::Sample;
use crate::stats::percentile;

/// A fault, and how long it took until the store equalled the state again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Recovery {
    pub(super) fault: Fault,
    /// When the fault was over.
    pub(super) at: Duration,
    pub(super) took: Duration,
    /// How often it took effect.
    pub(super) effect: u64,
}

/// Shared by all that takes part.
pub(super) struct Record {
    begun: Instant,
    state: Mutex<State>,
    /// The first violation, which ends the run.
    violation: watch::Sender<Option<String>>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct State {
    pub(super) doing: String,
    pub(super) recoveries: Vec<Recovery>,
    /// Over time.
    pub(super) samples: Vec<(Duration, Sample)>,
    /// Taken when all was quiet, with the moment of each.
    pub(super) quiet: Vec<(&'static str, Sample)>,
}

impl Record {
    pub(super) fn new() -> Self {
        Self {
            begun: Instant::now(),
            state: Mutex::default(),
            violation: watch::Sender::new(None),
        }
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Says what is being done now.
    pub(super) fn doing(&self, what: impl ToString) {
        self.state().doing = what.to_string();
    }

    pub(super) fn recovery(&self, recovery: Recovery) {
        self.state().recoveries.push(recovery);
    }

    pub(super) fn sample(&self, sample: Sample) {
        let at = self.elapsed();
        self.state().samples.push((at, sample));
    }

    pub(super) fn quiet(&self, when: &'static str, sample: Sample) {
        self.state().quiet.push((when, sample));
    }

    pub(super) fn read(&self) -> State {
        self.state().clone()
    }

    /// Something that must not be; the first ends the run.
    pub(super) fn violation(&self, what: &str) {
        let (at, doing) = (minutes(self.elapsed()), self.state().doing.clone());
        let text = format!("after {at} minutes, during or after `{doing}`: {what}");
        self.violation.send_if_modified(|first| {
            let is_first = first.is_none();
            first.get_or_insert(text);
            is_first
        });
    }

    /// Waits for the first violation, for as long as there is none.
    pub(super) async fn violated(&self) -> String {
        let mut violation = self.violation.subscribe();
        match violation.wait_for(Option::is_some).await {
            Ok(text) => text.clone().unwrap_or_default(),
            // The record itself holds the sender.
            Err(_) => std::future::pending().await,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Turns of each fault, and how often it took effect in all of them.
    pub(super) fn effects(&self) -> BTreeMap<Fault, (u64, u64)> {
        let mut effects = BTreeMap::new();
        for recovery in &self.recoveries {
            let (turns, all) = effects.entry(recovery.fault).or_insert((0, 0));
            *turns += 1;
            *all += recovery.effect;
        }
        effects
    }

    /// Median, 99th percentile and longest of the recoveries from a fault, or from all; not numbers if there are none.
    pub(super) fn recovered(&self, from: Option<Fault>) -> [f64; 3] {
        let these = self.recoveries.iter();
        let these = these.filter(|recovery| from.is_none_or(|fault| fault == recovery.fault));
        let seconds: Vec<_> = these.map(|recovery| recovery.took.as_secs_f64()).collect();
        [50.0, 99.0, 100.0].map(|percent| percentile(&seconds, percent))
    }
}

/// Minutes with the tenths.
pub(super) fn minutes(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() / 60.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recovery(fault: Fault, seconds: u64, effect: u64) -> Recovery {
        Recovery {
            fault,
            at: Duration::ZERO,
            took: Duration::from_secs(seconds),
            effect,
        }
    }

    #[test]
    fn effects_add_up_over_the_turns_of_a_fault() {
        let state = State {
            recoveries: vec![
                recovery(Fault::Reset, 1, 2),
                recovery(Fault::Fin, 9, 0),
                recovery(Fault::Reset, 3, 4),
            ],
            ..State::default()
        };
        let effects = state.effects();
        assert_eq!(effects[&Fault::Reset], (2, 6));
        assert_eq!(effects[&Fault::Fin], (1, 0));
        assert_eq!(state.recovered(Some(Fault::Reset)), [1.0, 3.0, 3.0]);
        assert_eq!(state.recovered(None), [3.0, 9.0, 9.0]);
    }

    #[tokio::test]
    async fn the_first_violation_is_the_one_that_is_told() {
        let record = Record::new();
        record.doing(Fault::Reset);
        record.violation("one thing");
        record.violation("another thing");
        let told = record.violated().await;
        assert_eq!(
            told,
            "after 0.0 minutes, during or after `reset`: one thing"
        );
    }
}
