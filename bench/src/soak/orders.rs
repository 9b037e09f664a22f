//! What the device's process is told to do, a line of JSON each, with a line in return.

use std::collections::BTreeMap;
use std::io::BufRead as _;
use std::thread;
use std::time::Duration;

use clap::Args;
use rship_runtime::{Query, Status};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::runtime::Builder;

use super::device::{Device, Note, Unit, Values, lock, unit_id};
use super::sample::Sample;
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
    /// Returns a [`Sample`].
    Sample,
    /// Adds and removes so many targets.
    Guests(u32),
    /// Removes these targets and adds them again so many milliseconds later.
    Readd(Vec<usize>, u64),
    /// Gives a target's string this length.
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
            Order::Sample => return Ok(serde_json::to_value(Sample::take())?),
            Order::Metrics => return Ok(format!("{:#?}", self.executor.metrics()).into()),
            Order::Guests(count) => {
                for number in 0..count {
                    let guest = Unit::new(&self.units);
                    self.executor
                        .add(&format!("guest-{number}"), guest)?
                        .remove()?;
                }
            }
            Order::Readd(indices, milliseconds) => {
                for index in &indices {
                    let old = lock(&self.units).remove(&unit_id(*index));
                    if let Some(old) = old {
                        old.remove()?;
                    }
                }
                thread::sleep(Duration::from_millis(milliseconds));
                for index in indices {
                    let id = unit_id(index);
                    let unit = self.executor.add(&id, Unit::new(&self.units))?;
                    lock(&self.units).insert(id, unit);
                }
            }
            Order::Lengthen(index, bytes) => {
                self.unit(index)?.lock().await.text = "h".repeat(bytes);
            }
            Order::Impulses(count, bytes) => {
                let hit = self.unit(7)?.lock().await.hit.clone();
                for _ in 0..count {
                    let _ = hit.pulse("i".repeat(bytes));
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
        })
    }
}
