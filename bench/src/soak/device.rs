//! The device: 64 targets with states and impulses, in a process of its own.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use rship_runtime::prelude::*;
use rship_runtime::{Executor, Item, Published};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use super::engine;
use super::work::{Tally, Work};
use crate::Failure;

/// The instance's id, which the second program takes too.
pub(super) const INSTANCE: &str = "soak-1";

/// How many targets there are in a pause.
pub(super) const TARGETS: usize = 64;

/// How long a target may be locked by a handler of its own.
const LOCK: Duration = Duration::from_secs(40);

/// Handles by id, for the comparison and for handlers that lock another target.
pub(super) type Units = Mutex<BTreeMap<String, Handle<Unit>>>;

/// A target with states, an impulse, and handlers that misbehave when asked to.
#[derive(Target)]
pub(super) struct Unit {
    #[emitter]
    pub(super) level: f64,
    #[emitter]
    pub(super) count: u64,
    #[emitter]
    pub(super) text: String,
    #[emitter]
    pub(super) hit: Emitter<String>,
    /// How often it was added.
    life: u64,
    /// Impulses of this life.
    hits: u64,
    units: Arc<Units>,
    tally: Arc<Tally>,
}

#[actions]
impl Unit {
    /// Blocks the thread that it runs on.
    #[action]
    fn block(&mut self, milliseconds: u64) {
        thread::sleep(Duration::from_millis(milliseconds));
    }

    /// Says how long the string is.
    #[action]
    fn swallow(&mut self, text: String) -> usize {
        text.len()
    }

    /// Answers with a string of this length.
    #[action]
    fn reply(&self, bytes: usize) -> String {
        "r".repeat(bytes)
    }

    /// Counts, as an answer that follows a state.
    #[action]
    fn add(&mut self, by: u64) -> u64 {
        self.count = self.count.wrapping_add(by);
        self.count
    }

    /// Holds this target while it waits for another one.
    #[action]
    async fn lock_other(&mut self, other: String) -> Result<(), String> {
        let handle = lock(&self.units).get(&other).cloned();
        let handle = handle.ok_or("there is no such target")?;
        tokio::time::sleep(Duration::from_millis(200)).await;
        // The device's own patience is longer than that of the executor.
        match timeout(Duration::from_secs(2), handle.lock()).await {
            Ok(mut other) => {
                other.count = other.count.wrapping_add(1);
                Ok(())
            }
            Err(_) => Err("the other target did not become free".to_owned()),
        }
    }
}

impl Unit {
    pub(super) fn new(units: &Arc<Units>, tally: &Arc<Tally>) -> Self {
        Self {
            level: 0.0,
            count: 0,
            text: "turn 0".to_owned(),
            hit: Emitter::default(),
            life: 0,
            hits: 0,
            units: Arc::clone(units),
            tally: Arc::clone(tally),
        }
    }

    /// The same target once more: its states go on where they are, its impulses are counted anew.
    fn next_life(&self) -> Self {
        Self {
            level: self.level,
            count: self.count,
            text: self.text.clone(),
            life: self.life + 1,
            ..Self::new(&self.units, &self.tally)
        }
    }

    /// Says which turn of the work this is, in a text that is longer by so many bytes.
    pub(super) fn turn(&mut self, turn: u64, padding: usize) {
        self.level = turn as f64 / 8.0;
        self.text = format!("turn {turn} {}", "h".repeat(padding));
    }

    /// Pulses with so many bytes more than the number of the impulse, which is returned; `None` when nobody was
    /// to be told, as the caller is.
    pub(super) fn strike(&mut self, padding: usize) -> Option<u64> {
        let number = self.hits;
        let text = format!("hit {} {number} {}", self.life, "i".repeat(padding));
        match self.hit.pulse(text) {
            Published::Detached | Published::TooLarge | Published::Unserializable => None,
            Published::Sent | Published::Queued | Published::Dropped | Published::Kept => {
                self.hits += 1;
                self.tally.impulses.fetch_add(1, Ordering::Relaxed);
                Some(number)
            }
        }
    }
}

/// An item of the device's own.
#[derive(Serialize, Deserialize)]
pub(super) struct Note {
    pub(super) id: String,
    pub(super) text: String,
}

impl Note {
    pub(super) fn number(number: usize, text: &str) -> Self {
        Self {
            id: format!("note-{number}"),
            text: text.to_owned(),
        }
    }
}

impl Item for Note {
    const TYPE: &'static str = "SoakNote";

    fn id(&self) -> &str {
        &self.id
    }
}

/// What a state emitter of each target has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Values {
    pub(super) level: f64,
    pub(super) count: u64,
    pub(super) text: String,
}

/// The device, with its own loop on a thread of its own as with a serial port.
pub(super) struct Device {
    pub(super) executor: Executor,
    pub(super) units: Arc<Units>,
    pub(super) tally: Arc<Tally>,
    work: Arc<Work>,
}

impl Device {
    pub(super) fn new(url: &str) -> Result<Self, Failure> {
        let executor = executor(url)?;
        let (units, tally) = (Arc::new(Units::default()), Arc::new(Tally::default()));
        for index in 0..TARGETS {
            let id = unit_id(index);
            let unit = executor.add(&id, Unit::new(&units, &tally))?;
            lock(&units).insert(id, unit);
        }
        let work = Work::start(&units, &tally);
        Ok(Self {
            executor,
            units,
            tally,
            work,
        })
    }

    /// Whether it changes states and pulses; nothing is changed any more when this has said no.
    pub(super) fn work(&self, on: bool) {
        self.work.set(on);
    }

    /// One of the targets that are always there.
    pub(super) fn unit(&self, index: usize) -> Result<Handle<Unit>, Failure> {
        let unit = lock(&self.units).get(&unit_id(index)).cloned();
        unit.ok_or_else(|| format!("target {} is missing", unit_id(index)).into())
    }

    /// Removes a target.
    pub(super) async fn remove(&self, index: usize) -> Result<Option<Unit>, Failure> {
        let Some(old) = lock(&self.units).remove(&unit_id(index)) else {
            return Ok(None);
        };
        let next = old.lock().await.next_life();
        old.remove()?;
        Ok(Some(next))
    }

    /// Adds a target that was removed, with the states that it had.
    pub(super) fn readd(&self, index: usize, unit: Unit) -> Result<(), Failure> {
        let id = unit_id(index);
        let unit = self.executor.add(&id, unit)?;
        lock(&self.units).insert(id, unit);
        Ok(())
    }

    /// The values of all targets, as the device has them.
    pub(super) async fn values(&self) -> Result<BTreeMap<String, Values>, Failure> {
        let units = lock(&self.units).clone();
        let mut all = BTreeMap::new();
        for (id, unit) in units {
            let unit = timeout(LOCK, unit.lock()).await;
            let unit = unit.map_err(|_| format!("target `{id}` was not free within {LOCK:?}"))?;
            let values = Values {
                level: unit.level,
                count: unit.count,
                text: unit.text.clone(),
            };
            all.insert(id, values);
        }
        Ok(all)
    }

    /// Pulses once in each target; returns the emitters with the life and the number of that impulse.
    pub(super) async fn probe(&self) -> BTreeMap<String, (u64, u64)> {
        let units = lock(&self.units).clone();
        let mut sent = BTreeMap::new();
        for (id, unit) in units {
            let mut unit = unit.lock().await;
            if let Some(number) = unit.strike(0) {
                sent.insert(format!("{id}:hit"), (unit.life, number));
            }
        }
        sent
    }
}

/// An executor of the soak's instance.
pub(super) fn executor(url: &str) -> Result<Executor, Failure> {
    let builder = Executor::builder("soak").instance_id(INSTANCE).url(url);
    // Short ones: each is met many times.
    let builder = builder
        .keepalive(Duration::from_millis(500), Duration::from_secs(2))
        .backoff(Duration::from_millis(50), Duration::from_millis(500));
    Ok(engine::configure(builder).build()?)
}

pub(super) fn unit_id(index: usize) -> String {
    format!("unit-{index:02}")
}

pub(super) fn lock(units: &Units) -> MutexGuard<'_, BTreeMap<String, Handle<Unit>>> {
    units.lock().unwrap_or_else(PoisonError::into_inner)
}
