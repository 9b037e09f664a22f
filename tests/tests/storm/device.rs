//! The device of the storms: its states only grow, so that one which goes back is seen.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rship_runtime::Handle;
use rship_runtime::prelude::*;
use schemars::JsonSchema;
use serde::Serialize;
use tokio::time::{Instant, sleep};

/// A rack.
#[derive(Target)]
pub(crate) struct Rack {
    #[emitter]
    pub(crate) count: u64,
    #[emitter]
    pub(crate) beat: Emitter<Beat>,
    #[target(key = "id", forget)]
    pub(crate) slots: Vec<Slot>,
    #[target]
    pub(crate) lid: Option<Lid>,
    /// When commands were carried out that wait for nothing.
    pub(crate) bumps: Bumps,
}

/// Times, of all racks together.
pub(crate) type Bumps = Arc<Mutex<Vec<Instant>>>;

/// A beat.
#[derive(Clone, Serialize, JsonSchema)]
pub(crate) struct Beat {
    pub(crate) number: u64,
    pub(crate) pad: String,
}

/// A slot, which is forgotten when it goes.
#[derive(Target)]
pub(crate) struct Slot {
    pub(crate) id: String,
    #[emitter]
    pub(crate) level: u64,
    #[target]
    pub(crate) knob: Knob,
}

/// A knob.
#[derive(Target)]
pub(crate) struct Knob {
    #[emitter]
    pub(crate) turn: u64,
}

/// A lid, which is offline when it is gone.
#[derive(Target)]
pub(crate) struct Lid {
    #[emitter]
    pub(crate) angle: u64,
}

#[actions]
impl Rack {
    /// Twice the count.
    #[emitter]
    fn double(&self) -> u64 {
        self.count * 2
    }

    #[action]
    fn bump(&mut self) -> u64 {
        let mut bumps = self.bumps.lock().unwrap_or_else(PoisonError::into_inner);
        bumps.push(Instant::now());
        drop(bumps);
        self.count += 1;
        self.count
    }

    #[action]
    fn refuse(&mut self) -> Result<(), String> {
        Err("no".to_owned())
    }

    #[action]
    fn fall(&mut self) {
        panic!("it fell");
    }

    /// Holds the rack for a while.
    #[action]
    async fn wait(&mut self, milliseconds: u64) {
        sleep(Duration::from_millis(milliseconds)).await;
        self.count += 1;
    }

    /// Runs beside the others.
    #[action(cancel)]
    async fn long(this: Handle<Self>, milliseconds: u64) -> u64 {
        sleep(Duration::from_millis(milliseconds)).await;
        let mut rack = this.lock().await;
        rack.count += 1;
        rack.count
    }

    /// Answers with that much.
    #[action]
    fn tell(&mut self, #[arg(max = 100_000)] bytes: u32) -> String {
        "x".repeat(bytes as usize)
    }
}
