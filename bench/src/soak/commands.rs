//! Commands: those of the load, a hundred a second, and those of faults. Each has one outcome, and is counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rship_dev::{CommandError, LocalCore};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::device::{INSTANCE, TARGETS, unit_id};
use super::record::Record;
use crate::Failure;

/// Between two commands of the load: 100 a second.
const EVERY: Duration = Duration::from_millis(10);

/// Until the last of the load has its outcome: longer than a server waits for an answer.
const OVER: Duration = Duration::from_secs(40);

/// What became of a command.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Outcome {
    Answered(Value),
    Refused,
    /// With its connection.
    Ended,
    /// No device was connected, so nobody was asked.
    Nobody,
    /// Although its connection stayed.
    Unanswered,
}

/// How many had which outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) answered: u64,
    pub(super) refused: u64,
    pub(super) ended: u64,
    pub(super) nobody: u64,
}

impl Tally {
    /// Those that a device was asked.
    pub(super) const fn asked(self) -> u64 {
        self.answered + self.refused + self.ended
    }
}

pub(super) struct Commands {
    answered: AtomicU64,
    refused: AtomicU64,
    ended: AtomicU64,
    nobody: AtomicU64,
    /// Without an outcome so far.
    open: AtomicU64,
    record: Arc<Record>,
}

impl Commands {
    pub(super) fn new(record: &Arc<Record>) -> Arc<Self> {
        Arc::new(Self {
            answered: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            ended: AtomicU64::new(0),
            nobody: AtomicU64::new(0),
            open: AtomicU64::new(0),
            record: Arc::clone(record),
        })
    }

    /// Runs an action of the device.
    pub(super) async fn exec(&self, core: &LocalCore, action: &str, data: Value) -> Outcome {
        self.open.fetch_add(1, Ordering::Relaxed);
        let result = core.exec(Some(INSTANCE), action, data).await;
        self.count(result)
    }

    /// Sends the device any command.
    pub(super) async fn command(&self, core: &LocalCore, id: &str, command: Value) -> Outcome {
        self.open.fetch_add(1, Ordering::Relaxed);
        let result = core.command(Some(INSTANCE), id, command).await;
        self.count(result)
    }

    pub(super) fn tally(&self) -> Tally {
        let [answered, refused, ended, nobody] =
            [&self.answered, &self.refused, &self.ended, &self.nobody]
                .map(|count| count.load(Ordering::Relaxed));
        Tally {
            answered,
            refused,
            ended,
            nobody,
        }
    }

    fn count(&self, result: Result<Value, CommandError>) -> Outcome {
        self.open.fetch_sub(1, Ordering::Relaxed);
        let (count, outcome) = match result {
            Ok(response) => (&self.answered, Outcome::Answered(response)),
            Err(CommandError::Refused { .. }) => (&self.refused, Outcome::Refused),
            Err(CommandError::Closed { .. }) => (&self.ended, Outcome::Ended),
            Err(CommandError::UnknownAction { .. } | CommandError::Unroutable { .. }) => {
                (&self.nobody, Outcome::Nobody)
            }
            Err(error) => {
                self.record.violation(&format!(
                    "a command was not answered although its connection stayed: {error}"
                ));
                return Outcome::Unanswered;
            }
        };
        count.fetch_add(1, Ordering::Relaxed);
        outcome
    }
}

/// Commands that go on whatever is done to the device.
pub(super) struct CommandLoad {
    commands: Arc<Commands>,
    on: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl CommandLoad {
    /// Will ask the device behind the core that is there at each moment, once it is told to go on.
    pub(super) fn start(
        commands: &Arc<Commands>,
        core: watch::Receiver<Arc<LocalCore>>,
        seed: u64,
    ) -> Self {
        let on = watch::Sender::new(false);
        let task = ask(Arc::clone(commands), core, on.subscribe(), seed);
        Self {
            commands: Arc::clone(commands),
            on,
            task: tokio::spawn(task),
        }
    }

    /// Goes on.
    pub(super) fn resume(&self) {
        self.on.send_replace(true);
    }

    /// Asks no more until told to, and waits for what was asked.
    pub(super) async fn pause(&self) -> Result<(), Failure> {
        self.on.send_replace(false);
        let over = async {
            // One that is being begun counts soon.
            sleep(EVERY * 2).await;
            while self.commands.open.load(Ordering::Relaxed) > 0 {
                sleep(EVERY).await;
            }
        };
        let over = tokio::time::timeout(OVER, over).await;
        over.map_err(|_| format!("there are commands without an outcome after {OVER:?}").into())
    }
}

impl Drop for CommandLoad {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn ask(
    commands: Arc<Commands>,
    core: watch::Receiver<Arc<LocalCore>>,
    mut on: watch::Receiver<bool>,
    seed: u64,
) {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut clock = interval(EVERY);
    clock.set_missed_tick_behavior(MissedTickBehavior::Burst);
    loop {
        if !*on.borrow_and_update() {
            if on.wait_for(|on| *on).await.is_err() {
                return;
            }
            clock.reset();
        }
        clock.tick().await;
        let unit = unit_id(random.usize(..TARGETS));
        let (action, data) = match random.u8(..20) {
            0 => ("add", json!({"by": "much"})),
            1 => ("reply", json!({"bytes": random.u32(..10_000)})),
            2 => (
                "swallow",
                json!({"text": "s".repeat(random.usize(..10_000))}),
            ),
            3 => ("block", json!({"milliseconds": random.u8(..10)})),
            _ => ("add", json!({"by": 1})),
        };
        let (commands, core) = (Arc::clone(&commands), Arc::clone(&core.borrow()));
        tokio::spawn(async move {
            let action = format!("{unit}:{action}");
            commands.exec(&core, &action, data).await;
        });
    }
}
