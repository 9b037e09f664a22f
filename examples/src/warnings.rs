//! Warnings of a device's own.

use std::mem;
use std::time::{Duration, Instant};

use tracing::warn;

/// Warnings that may come again and again: one a second goes to the log at most, cut where it is
/// long, and says how many did not.
#[derive(Debug, Default)]
pub struct Warnings {
    said: Option<Instant>,
    unsaid: u64,
}

impl Warnings {
    /// Says it, unless something was said a moment ago.
    pub fn say(&mut self, text: impl FnOnce() -> String) {
        let is_early = |said: Instant| said.elapsed() < Duration::from_secs(1);
        if self.said.is_some_and(is_early) {
            self.unsaid += 1;
            return;
        }
        match mem::take(&mut self.unsaid) {
            0 => warn!("{:.300}", text()),
            unsaid => warn!("{:.300} (and {unsaid} more before)", text()),
        }
        self.said = Some(Instant::now());
    }
}
