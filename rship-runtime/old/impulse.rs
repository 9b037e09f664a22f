//! Impulses on their way into the outbox: the sink behind an emitter, and word of those that did not fit.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rship_core::{Published, PulseSink};
use tracing::warn;

use crate::outbox::{Outbox, SlotId, Source};

/// Where the pulses of one impulse emitter go.
pub(crate) struct ImpulseSink {
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) slot: SlotId,
    pub(crate) source: Arc<Source>,
}

impl PulseSink for ImpulseSink {
    fn pulse(&self, json: &[u8]) -> Published {
        self.outbox.impulse(self.slot, json)
    }

    fn refuse(&self, error: &serde_json::Error) {
        warn!(emitter = &*self.source.emitter, %error, "the value cannot be written as JSON: no pulse");
    }
}

/// Impulses that were dropped since the log last said so.
#[derive(Default)]
pub(crate) struct Overflow {
    count: u64,
    said: Option<Instant>,
}

impl Overflow {
    /// Counts one; at most once a second there is something to say in the log.
    pub(crate) fn count(&mut self) -> Option<Dropped> {
        self.count += 1;
        let due = self
            .said
            .is_none_or(|said| said.elapsed() >= Duration::from_secs(1));
        due.then(|| {
            self.said = Some(Instant::now());
            Dropped(std::mem::take(&mut self.count))
        })
    }
}

/// How many impulses were dropped.
pub(crate) struct Dropped(u64);

impl Dropped {
    /// Says so in the log.
    pub(crate) fn warn(&self, emitter: &str) {
        warn!(
            dropped = self.0,
            emitter, "the queue of impulses is full: impulses are dropped"
        );
    }
}
