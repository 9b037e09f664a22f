//! A device that publishes, registers or answers as fast as it can, to measure a server or the executor with.

mod device;
mod meter;
mod modes;
mod usage;

use clap::{Parser, Subcommand};
use rship_runtime::{Encoding, Executor};
use schemars::JsonSchema;
use serde::Serialize;

pub use self::meter::{Idle, Ready, Report};
pub use self::usage::{cpu_time, resident_kib, threads};
use crate::Failure;

/// The command line of `load`.
#[derive(Debug, Clone, Parser)]
#[command(about = "Publishes, registers or answers as fast as it can")]
pub struct Load {
    /// The server, such as ws://127.0.0.1:5155/myko.
    pub url: String,
    /// Writes CBOR to a 2026 server.
    #[arg(long, global = true)]
    pub cbor: bool,
    /// What it does.
    #[command(subcommand)]
    pub mode: Mode,
}

/// What a load device does.
#[derive(Debug, Clone, Subcommand)]
pub enum Mode {
    /// Pulses impulse emitters in turn.
    Pulse {
        /// How many emitters.
        emitters: usize,
        /// Of all emitters together.
        pulses: usize,
    },
    /// Sets the state of targets in turn.
    State {
        /// How many targets, each with one state.
        emitters: usize,
        /// Of all targets together.
        pulses: usize,
        /// Waits after each until it is on the wire.
        #[arg(long)]
        flush: bool,
    },
    /// Sets the state of targets from threads of its own, each on its share of the targets.
    Publish {
        /// How many threads.
        threads: usize,
        /// How many targets, each with one state.
        targets: usize,
        /// Of all threads together.
        pulses: usize,
    },
    /// Registers targets, and waits until all is on the wire.
    Register {
        /// How many targets.
        targets: usize,
        /// Of each target.
        actions: usize,
        /// Of each target.
        emitters: usize,
    },
    /// Answers commands for the action `load:level`; those of further targets are `load-1:level`,
    /// `load-2:level` and so on.
    Dispatch {
        /// Of all targets together.
        commands: u64,
        /// How many targets.
        #[arg(default_value_t = 1)]
        targets: usize,
        /// Each command changes a state.
        #[arg(long)]
        state: bool,
    },
    /// Several executors that register, pulse and answer, one after the other; a line for each step. The actions
    /// are `t0-0:a0`, `t0-1:a0` and so on, those of the next executor `t1-0:a0`.
    Fleet {
        /// How many executors.
        executors: usize,
        /// Of each executor.
        targets: usize,
        /// Actions of each target, and as many emitters.
        members: usize,
        /// Of all executors together.
        pulses: usize,
        /// Of all executors together.
        commands: u64,
    },
    /// Registers targets, then changes the state `ticker:value` without pause until it is ended.
    Tick {
        /// How many targets.
        targets: usize,
        /// Actions of each target, and as many emitters.
        members: usize,
    },
    /// One executor that does nothing, then several of them; a line for each.
    Idle {
        /// How many executors in the end.
        executors: usize,
        /// How long each of the two is watched.
        seconds: u64,
    },
}

// What a pulse carries, and an action takes.
#[expect(
    missing_docs,
    reason = "documentation would be in every schema that is sent"
)]
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Level {
    level: f64,
    channel: u32,
    label: &'static str,
}

impl Level {
    /// The value of one pulse of many.
    #[must_use]
    pub fn number(pulse: usize, emitters: usize) -> Self {
        let channel = pulse % emitters.max(1);
        Self {
            level: pulse as f64 / 1000.0,
            channel: u32::try_from(channel).unwrap_or(u32::MAX),
            label: "load",
        }
    }
}

/// The id of a target in a fleet.
#[must_use]
pub fn target_id(executor: usize, target: usize) -> String {
    format!("t{executor}-{target}")
}

/// Which executor of a fleet it is whose instance has this id.
#[must_use]
pub fn executor_of(instance: &str) -> Option<usize> {
    instance
        .strip_prefix("load-")?
        .parse::<usize>()
        .ok()?
        .checked_sub(1)
}

impl Load {
    /// Works until the work is done, or Ctrl-C.
    ///
    /// # Errors
    /// When no server takes what it says.
    pub async fn run(self) -> Result<(), Failure> {
        modes::run(&self).await
    }

    /// One of its executors, which are numbered.
    fn executor(&self, index: usize) -> Result<Executor, Failure> {
        let encoding = if self.cbor {
            Encoding::Cbor
        } else {
            Encoding::Json
        };
        let builder = Executor::builder("load").instance_id(format!("load-{}", index + 1));
        Ok(builder.url(&self.url).encoding(encoding).build()?)
    }
}
