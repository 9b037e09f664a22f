//! The outbox: what waits for the wire, bounded in bytes and in number. States keep their newest value
//! only, and nobody who publishes ever waits.
//!
//! One lock protects all of it; it is held for moments, and below it only that of a source's value is
//! taken. Publishers push into queues, the session swaps a full queue for an empty one and writes
//! frames outside the lock.

mod departures;
mod items;
mod ordered;
mod pace;
mod phase;
mod publish;
mod pulses;
mod replies;
mod round;
mod updates;
mod weight;

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::Notify;
use uuid::Uuid;

use crate::journal::Journal;
use crate::metrics::Counters;
use crate::settings::Limits;
use ordered::Ordered;
use pace::Paced;
use phase::Phase;
use pulses::{Queue, Slots};
use replies::Replies;
use updates::Updates;

pub(crate) use departures::{Departed, Departure, Detail, Hold, TargetKey};
pub(crate) use items::{ItemKey, Items};
pub(crate) use phase::Gathering;
pub(crate) use pulses::{SlotId, Source, TargetNumber};
pub(crate) use round::Round;
pub(crate) use updates::{Change, Update};
pub(crate) use weight::weight;

/// Memory of an emptied queue that is kept for what comes next, in bytes.
const KEPT: usize = 256 << 10;

/// The number of a connection: commands and their answers belong to one.
pub(crate) type Epoch = u64;

/// Whether a command may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    Granted,
    /// Not before the server has taken some of the answers that wait.
    Full,
    /// Never: its connection is gone.
    Gone,
}

pub(crate) struct Outbox {
    state: Mutex<State>,
    ready: Notify,
    /// Wakes who looks after the states that are held.
    pace: Notify,
    /// Wakes those who wait for the wire.
    written: Notify,
    /// Wakes those who wait for replies to be taken.
    room: Notify,
    /// How many handler threads gather what they put in.
    gathering: AtomicUsize,
    limits: Limits,
    counters: Arc<Counters>,
    journal: Arc<Journal>,
    /// Takes all pulses in place of the wire, in a test.
    witness: OnceLock<Witness>,
}

/// Is given each pulse as its emitter's id and its value.
pub(crate) type Witness = Box<dyn Fn(&str, &[u8]) + Send + Sync>;

struct State {
    phase: Phase,
    /// The connection that commands come from now.
    epoch: Option<Epoch>,
    epochs: Epoch,
    slots: Slots,
    /// Pulses of targets that were announced.
    pulses: Queue,
    /// States that have changed sooner than their emitters may speak again.
    paced: Paced,
    /// Impulses of targets that were not, by target.
    early: Ordered<TargetNumber, Queue>,
    /// Targets that have something to say before they were announced.
    urgent: Ordered<TargetNumber>,
    impulses: Impulses,
    /// Makes the hash of each impulse its own, over restarts too.
    nonce: u64,
    replies: Replies,
    /// The echo of the server's own ping; the newest alone counts.
    echo: Option<String>,
    updates: Updates,
    /// Whether there are queries to ask or to cancel.
    requests: bool,
}

/// Impulses that wait.
#[derive(Default)]
struct Impulses {
    count: usize,
    bytes: usize,
}

impl Outbox {
    pub(crate) fn new(limits: Limits, counters: Arc<Counters>, journal: Arc<Journal>) -> Self {
        Self {
            state: Mutex::new(State {
                phase: Phase::Offline,
                epoch: None,
                epochs: 0,
                slots: Slots::default(),
                pulses: Queue::default(),
                paced: Paced::default(),
                early: Ordered::default(),
                urgent: Ordered::default(),
                impulses: Impulses::default(),
                nonce: Uuid::new_v4().as_u64_pair().1,
                replies: Replies::default(),
                echo: None,
                updates: Updates::default(),
                requests: false,
            }),
            ready: Notify::new(),
            pace: Notify::new(),
            written: Notify::new(),
            room: Notify::new(),
            gathering: AtomicUsize::new(0),
            limits,
            counters,
            journal,
            witness: OnceLock::new(),
        }
    }

    /// From here on nothing waits for the wire: all pulses go to a test.
    pub(crate) fn set_witness(&self, witness: Witness) {
        // A test has one.
        let _ = self.witness.set(witness);
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The largest value, entity or answer, in bytes.
    pub(crate) fn message_limit(&self) -> usize {
        self.limits.message
    }
}
