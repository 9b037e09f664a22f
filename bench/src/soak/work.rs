//! What the device does all the time: a thousand changes a second.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rship_runtime::Handle;

use super::device::{TARGETS, Units, lock, unit_id};

/// Changes in a second, each of two states and with an impulse.
const RATE: u64 = 1_000;

/// How late the device may be before it leaves changes out, in changes.
const BEHIND: u64 = RATE / 2;

/// What the device did.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) changes: AtomicU64,
    /// Changes that were left out because this machine, or every target, had something else to do.
    pub(super) left_out: AtomicU64,
    pub(super) impulses: AtomicU64,
    /// The longest time that it took to drop a guard, which publishes.
    pub(super) slowest_drop_ns: AtomicU64,
}

/// The thread that does it.
pub(super) struct Work {
    on: Mutex<bool>,
}

impl Work {
    /// Starts it, at rest.
    pub(super) fn start(units: &Arc<Units>, tally: &Arc<Tally>) -> Arc<Self> {
        let work = Arc::new(Self {
            on: Mutex::new(false),
        });
        thread::spawn({
            let (work, units, tally) = (Arc::clone(&work), Arc::clone(units), Arc::clone(tally));
            move || work.run(&units, &tally)
        });
        work
    }

    /// Lets it work, or no more; nothing is being changed when this has said no.
    pub(super) fn set(&self, on: bool) {
        *self.on() = on;
    }

    fn on(&self) -> MutexGuard<'_, bool> {
        self.on.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, units: &Units, tally: &Tally) {
        let mut turn = 0;
        let (mut begun, mut done) = (Instant::now(), 0);
        loop {
            thread::sleep(Duration::from_millis(1));
            let due = begun.elapsed().as_millis() as u64 * RATE / 1_000;
            while done < due {
                let on = self.on();
                if !*on {
                    // What was not to be done is not made up for.
                    (begun, done) = (Instant::now(), 0);
                    break;
                }
                if let Some(late) = due.checked_sub(done + BEHIND) {
                    tally.left_out.fetch_add(late, Ordering::Relaxed);
                    done += late;
                }
                turn += 1;
                done += 1;
                if !change(turn, units, tally) {
                    tally.left_out.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    }
}

/// Changes the target whose turn it is, or the next that no handler holds; `false` when all are held.
fn change(turn: u64, units: &Units, tally: &Tally) -> bool {
    for next in 0..TARGETS {
        let id = unit_id((turn as usize + next) % TARGETS);
        let unit = lock(units).get(&id).cloned();
        let Some(Ok(mut unit)) = unit.as_ref().map(Handle::try_lock) else {
            continue;
        };
        unit.turn(turn, 0);
        unit.strike(0);
        let begun = Instant::now();
        drop(unit);
        let took = begun.elapsed().as_nanos() as u64;
        tally.slowest_drop_ns.fetch_max(took, Ordering::Relaxed);
        tally.changes.fetch_add(1, Ordering::Relaxed);
        return true;
    }
    false
}
