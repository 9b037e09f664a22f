//! What the device's process is told to do, a line of JSON each, with a line in return.

use std::collections::BTreeMap;
use std::io::BufRead as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use clap::Args;
use rship_runtime::{Query, Status};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::runtime::Builder;

use super::device::{Device, Note, Unit, Values};
use crate::Failure;

/// Workers of the runtime that handlers run on: blocking as many is one of the things the device must bear.
pub(super) const WORKERS: usize = 2;

/// The device of a soak.
#[derive(Args)]
pub(crate) struct SoakDevice {
    url: String,
}

/// One thing to do.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Order {
    /// Changes states and pulses, or stops doing so.
    Work(bool),
    /// Returns a [`Look`].
    Look,
    /// Pulses once in each target; returns the emitters with the life and the number of that impulse.
    Probe,
    /// Adds and removes so many targets.
    Guests(u32),
    /// Removes these targets and adds them again so many milliseconds later.
    Readd(Vec<usize>, u64),
    /// Makes a target's string longer by so many bytes.
    Lengthen(usize, usize),
    /// Pulses so often this many bytes.
    Impulses(u32, usize),
    /// Publishes so many items with this text, and deletes all but the first few.
    Items(usize, usize, String),
    /// Makes so many queries and drops them.
    Queries(u32),
    /// Says what it has done.
    Metrics,
}

/// What the device has, as far as a server should know.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Look {
    pub(super) online: bool,
    pub(super) status: String,
    pub(super) sessions: u64,
    pub(super) manifest: Value,
    pub(super) values: BTreeMap<String, Values>,
    pub(super) done: Done,
}

/// What the device has done so far.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct Done {
    pub(super) changes: u64,
    pub(super) left_out: u64,
    pub(super) impulses: u64,
    pub(super) impulses_dropped: u64,
    pub(super) commands_refused: u64,
    pub(super) values_refused: u64,
    pub(super) healed: u64,
    pub(super) slowest_drop: Duration,
}

impl SoakDevice {
    /// Carries out orders until there are no more.
    pub(crate) fn run(self) -> Result<(), Failure> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(WORKERS)
            .enable_all()
            .build()?;
        let device = Device::new(&self.url)?;
        let running = runtime.spawn({
            let executor = device.executor.clone();
            async move { executor.run_until(std::future::pending()).await }
        });
        for line in std::io::stdin().lock().lines() {
            let order = serde_json::from_str(&line?)?;
            // On this thread: handlers may block all workers.
            let answer = runtime.block_on(device.carry_out(order))?;
            println!("{answer}");
        }
        device.executor.shutdown();
        runtime.block_on(running)??;
        runtime.shutdown_background();
        Ok(())
    }
}

impl Device {
    async fn carry_out(&self, order: Order) -> Result<Value, Failure> {
        match order {
            Order::Work(on) => self.work(on),
            Order::Look => return Ok(serde_json::to_value(self.look().await?)?),
            Order::Probe => return Ok(serde_json::to_value(self.probe().await)?),
            Order::Metrics => return Ok(format!("{:#?}", self.executor.metrics()).into()),
            Order::Guests(count) => {
                for number in 0..count {
                    let guest = Unit::new(&self.units, &self.tally);
                    self.executor
                        .add(&format!("guest-{number}"), guest)?
                        .remove()?;
                }
            }
            Order::Readd(indices, milliseconds) => {
                let mut removed = Vec::new();
                for index in indices {
                    removed.extend(self.remove(index).await?.map(|unit| (index, unit)));
                }
                thread::sleep(Duration::from_millis(milliseconds));
                for (index, unit) in removed {
                    self.readd(index, unit)?;
                }
            }
            Order::Lengthen(index, bytes) => {
                let unit = self.unit(index)?;
                let mut unit = unit.lock().await;
                let turn = (unit.level * 8.0) as u64;
                unit.turn(turn, bytes);
            }
            Order::Impulses(count, bytes) => {
                let unit = self.unit(7)?;
                let mut unit = unit.lock().await;
                for _ in 0..count {
                    unit.strike(bytes);
                }
            }
            Order::Items(count, kept, text) => {
                for number in 0..count {
                    let note = Note::number(number, &text);
                    self.executor.publish(&note)?;
                    if number >= kept {
                        self.executor.delete::<Note>(&note.id);
                    }
                }
            }
            Order::Queries(count) => {
                for _ in 0..count {
                    drop(self.executor.query(Query::all("Instance")));
                }
            }
        }
        Ok(Value::Null)
    }

    async fn look(&self) -> Result<Look, Failure> {
        let status = self.executor.status().borrow().clone();
        Ok(Look {
            online: matches!(status, Status::Online { .. }),
            status: status.to_string(),
            sessions: self.executor.metrics().sessions,
            manifest: self.executor.manifest(),
            values: self.values().await?,
            done: self.done(),
        })
    }

    fn done(&self) -> Done {
        let (metrics, tally) = (self.executor.metrics(), &self.tally);
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Done {
            changes: read(&tally.changes),
            left_out: read(&tally.left_out),
            impulses: read(&tally.impulses),
            impulses_dropped: metrics.impulses_dropped,
            commands_refused: metrics.commands_refused,
            values_refused: metrics.values_refused,
            healed: metrics.healed,
            slowest_drop: Duration::from_nanos(read(&tally.slowest_drop_ns)),
        }
    }
}
