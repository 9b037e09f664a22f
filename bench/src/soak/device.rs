//! The device: 64 targets that change states and pulse while it is told to, in a process of its own.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use rship_runtime::prelude::*;
use rship_runtime::{Executor, Item};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use super::engine;
use crate::Failure;

/// The instance's id, which the second program takes too.
pub(super) const INSTANCE: &str = "soak-1";

/// How many targets there are in a pause.
pub(super) const TARGETS: usize = 64;

/// How long a target may be locked by a handler of its own.
const LOCK: Duration = Duration::from_secs(40);

/// Handles by id, for the comparison and for handlers that lock another target.
type Units = Mutex<BTreeMap<String, Handle<Unit>>>;

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
    units: Arc<Units>,
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
        match timeout(Duration::from_secs(4), handle.lock()).await {
            Ok(mut other) => {
                other.count = other.count.wrapping_add(1);
                Ok(())
            }
            Err(_) => Err("the other target did not become free".to_owned()),
        }
    }
}

impl Unit {
    pub(super) fn new(units: &Arc<Units>) -> Self {
        Self {
            level: 0.0,
            count: 0,
            text: "as it began".to_owned(),
            hit: Emitter::default(),
            units: Arc::clone(units),
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
    working: Arc<AtomicBool>,
}

impl Device {
    pub(super) fn new(url: &str) -> Result<Self, Failure> {
        let executor = executor(url)?;
        let units = Arc::new(Units::default());
        for index in 0..TARGETS {
            let id = unit_id(index);
            let unit = executor.add(&id, Unit::new(&units))?;
            lock(&units).insert(id, unit);
        }
        let working = Arc::new(AtomicBool::new(false));
        thread::spawn({
            let (units, working) = (Arc::clone(&units), Arc::clone(&working));
            move || work(&units, &working)
        });
        Ok(Self {
            executor,
            units,
            working,
        })
    }

    /// Whether it changes states and pulses.
    pub(super) fn work(&self, on: bool) {
        self.working.store(on, Ordering::SeqCst);
    }

    /// One of the targets that are always there.
    pub(super) fn unit(&self, index: usize) -> Result<Handle<Unit>, Failure> {
        let unit = lock(&self.units).get(&unit_id(index)).cloned();
        unit.ok_or_else(|| format!("target {} is missing", unit_id(index)).into())
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
}

/// An executor of the soak's instance.
pub(super) fn executor(url: &str) -> Result<Executor, Failure> {
    let builder = Executor::builder("soak").instance_id(INSTANCE).url(url);
    // Short ones: each is met many times.
    let builder = builder
        .keepalive(Duration::from_secs(1), Duration::from_secs(4))
        .backoff(Duration::from_millis(50), Duration::from_millis(500));
    Ok(engine::configure(builder).build()?)
}

pub(super) fn unit_id(index: usize) -> String {
    format!("unit-{index:02}")
}

pub(super) fn lock(units: &Units) -> MutexGuard<'_, BTreeMap<String, Handle<Unit>>> {
    units.lock().unwrap_or_else(PoisonError::into_inner)
}

fn work(units: &Units, working: &AtomicBool) {
    for turn in 1_u32.. {
        while !working.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(10));
        }
        let unit = lock(units).get(&unit_id(turn as usize % TARGETS)).cloned();
        // One that a handler holds is left to it.
        if let Some(Ok(mut unit)) = unit.as_ref().map(Handle::try_lock) {
            unit.level = f64::from(turn) / 8.0;
            unit.text = format!("turn {turn}");
            let _ = unit.hit.pulse(format!("hit {turn}"));
        }
        thread::sleep(Duration::from_millis(1));
    }
}
