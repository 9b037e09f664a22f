//! The device of a sequence: all values come from one count that only grows, so that whoever sees one of them after a
//! larger one knows that something went back.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rship_runtime::prelude::*;

/// Larger than all before it.
pub(crate) fn next() -> u64 {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    COUNT.fetch_add(1, Ordering::Relaxed)
}

/// A state, an impulse, and sub-targets that come and go.
#[derive(Target, Default)]
pub(crate) struct Meter {
    /// The newest count.
    #[emitter]
    pub(crate) turn: u64,
    /// Each count.
    #[emitter]
    pub(crate) step: Emitter<u64>,
    /// There at times, and deleted else.
    #[target(forget)]
    pub(crate) probe: Option<Dial>,
    /// Some of them are there, and the others are offline.
    #[target]
    pub(crate) dials: BTreeMap<u8, Dial>,
}

/// A state.
#[derive(Target)]
pub(crate) struct Dial {
    /// The newest count.
    #[emitter]
    pub(crate) turn: u64,
}

impl Dial {
    pub(crate) fn new() -> Self {
        Self { turn: next() }
    }
}

#[actions]
impl Meter {
    /// Goes on.
    #[action]
    pub(crate) fn advance(&mut self) -> u64 {
        self.turn = next();
        self.step.pulse(self.turn);
        self.turn
    }

    /// Goes on after a while.
    #[action]
    async fn advance_later(&mut self, #[arg(max = 100)] milliseconds: u64) -> u64 {
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        self.advance()
    }

    /// Does not go on.
    #[action]
    fn refuse(&self) -> Result<(), String> {
        Err(format!("stays at {}", self.turn))
    }
}
