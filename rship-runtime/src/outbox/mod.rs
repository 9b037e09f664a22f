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
mod publish;
mod queue;
mod replies;
mod round;
mod slots;
mod source;
mod taking;
mod updates;
mod weight;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use uuid::Uuid;

use crate::journal::Journal;
use crate::metrics::Counters;
use crate::settings::Limits;
use ordered::Ordered;
use pace::Paced;
use queue::Queue;
use replies::Replies;
use slots::Slots;
use updates::Updates;

pub(crate) use departures::{Departed, Departure, Detail, Hold, TargetKey};
pub(crate) use items::{ItemKey, Items};
pub(crate) use round::Round;
pub(crate) use slots::{SlotId, TargetNumber};
pub(crate) use source::Source;
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
    limits: Limits,
    counters: Arc<Counters>,
    journal: Arc<Journal>,
}

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
    early: BTreeMap<TargetNumber, Queue>,
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

/// Where the outbox's content goes.
enum Phase {
    /// Nowhere: states are kept, impulses wait.
    Offline,
    /// To a server that is being told of what there is: only pulses of targets that were announced.
    Registering(Link),
    /// To a server that was told of everything.
    Live(Link),
    /// Nowhere, for ever.
    Ended,
}

/// How far the session that takes things is.
#[derive(Default)]
struct Link {
    /// Whether it knows that there is something to take.
    notified: bool,
    /// Whether something that was taken may not be on the wire yet.
    in_flight: bool,
}

/// Impulses that wait.
#[derive(Default)]
struct Impulses {
    count: usize,
    bytes: usize,
}

impl Phase {
    fn link(&mut self) -> Option<&mut Link> {
        match self {
            Self::Registering(link) | Self::Live(link) => Some(link),
            Self::Offline | Self::Ended => None,
        }
    }

    fn is_live(&self) -> bool {
        matches!(self, Self::Live(_))
    }
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
                early: BTreeMap::new(),
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
            limits,
            counters,
            journal,
        }
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the session, once for all that comes until it takes it.
    fn wake(&self, mut state: MutexGuard<'_, State>) {
        let notified = match state.phase.link() {
            Some(link) => std::mem::replace(&mut link.notified, true),
            None => true,
        };
        drop(state);
        if !notified {
            self.ready.notify_one();
        }
    }

    /// Whether no session comes any more.
    pub(crate) fn has_ended(&self) -> bool {
        matches!(self.locked().phase, Phase::Ended)
    }

    /// The largest value, entity or answer, in bytes.
    pub(crate) fn message_limit(&self) -> usize {
        self.limits.message
    }
}
