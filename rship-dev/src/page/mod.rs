//! The page that shows what is here: its files, and its socket.
//!
//! A page is told only what it shows, and never more than it takes: each frame is made when the one before has gone.

pub(crate) mod assets;
mod call;
mod details;
mod diagnosis;
mod keys;
pub(crate) mod mirror;
mod sessions;
mod show;
mod socket;
pub(crate) mod timeline;
mod values;
pub(crate) mod wire;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::sync::{mpsc, oneshot, watch};

use self::sessions::Happened;
pub(crate) use self::sessions::{Line, Lines};
pub(crate) use self::socket::serve;
use self::timeline::Timeline;
use self::values::Taps;
use self::wire::Wire;
use crate::explained::{DROP_TYPE, WARNING_TYPE};
use crate::item::Item;
use crate::store::{Change, ClientNo};

/// Where the page's socket is.
pub(crate) const SOCKET: &str = "/page/socket";

/// What a page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct About {
    pub(crate) source: Source,
    /// The core's or the server's address, or the recording's name.
    pub(crate) from: Option<String>,
    /// Why it takes no commands, when it takes none.
    pub(crate) read_only: Option<String>,
}

/// Where what a page shows comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Core,
    Server,
    Recording,
}

/// An action that is run elsewhere.
#[derive(Debug)]
pub(crate) struct Handed {
    pub(crate) instance: Option<String>,
    /// The action as an entity.
    pub(crate) action: Value,
    pub(crate) data: Value,
    pub(crate) answer: oneshot::Sender<Result<Value, String>>,
}

/// What tells numbers of the executor.
type Metrics = Box<dyn FnMut() -> BTreeMap<String, u64> + Send>;

/// What pages are told beside the state.
pub(crate) struct House {
    pub(crate) about: watch::Sender<About>,
    pub(crate) wire: Wire,
    pub(crate) lines: Lines,
    metrics: Mutex<Option<Metrics>>,
    timeline: Mutex<Option<Arc<dyn Timeline>>>,
    /// Where actions are run, when not here.
    hand: Mutex<Option<mpsc::Sender<Handed>>>,
}

impl Default for House {
    fn default() -> Self {
        Self {
            about: watch::Sender::new(About {
                source: Source::Core,
                from: None,
                read_only: None,
            }),
            wire: Wire::default(),
            lines: Lines::default(),
            metrics: Mutex::default(),
            timeline: Mutex::default(),
            hand: Mutex::default(),
        }
    }
}

impl fmt::Debug for House {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("House").finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is behind one is replaced as a whole, so a panic leaves it whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl House {
    /// The core is at that address.
    pub(crate) fn is_at(&self, url: String) {
        self.about.send_modify(|about| about.from = Some(url));
    }

    pub(crate) fn offer_metrics(&self, metrics: Metrics) {
        *lock(&self.metrics) = Some(metrics);
    }

    fn metrics(&self) -> Option<BTreeMap<String, u64>> {
        lock(&self.metrics).as_mut().map(|metrics| metrics())
    }

    pub(crate) fn offer_timeline(&self, name: String, timeline: Arc<dyn Timeline>) {
        *lock(&self.timeline) = Some(timeline);
        self.about.send_modify(|about| {
            about.source = Source::Recording;
            about.from = Some(name);
        });
    }

    fn timeline(&self) -> Option<Arc<dyn Timeline>> {
        lock(&self.timeline).clone()
    }

    /// Actions are run elsewhere from now on.
    pub(crate) fn hand_on(&self, hand: mpsc::Sender<Handed>) {
        *lock(&self.hand) = Some(hand);
    }

    fn hand(&self) -> Option<mpsc::Sender<Handed>> {
        lock(&self.hand).clone()
    }
}

/// What pages look at, as a part of the state.
#[derive(Debug, Default)]
pub(crate) struct Looks {
    taps: BTreeMap<u64, Taps>,
    next: u64,
    /// Changes when the tree may be another.
    shape: u64,
    /// Changes when something was explained.
    explained: u64,
    /// The pulses of each connection since a page looks.
    pulses: BTreeMap<ClientNo, u64>,
    pub(crate) happened: Happened,
}

impl Looks {
    /// A page comes; its number.
    fn enter(&mut self) -> u64 {
        let number = self.next;
        self.next += 1;
        self.taps.insert(number, Taps::default());
        number
    }

    fn leave(&mut self, number: u64) {
        self.taps.remove(&number);
        if self.taps.is_empty() {
            self.pulses.clear();
        }
    }

    fn taps(&mut self, number: u64) -> &mut Taps {
        self.taps.entry(number).or_default()
    }

    fn pulses_of(&self, no: ClientNo) -> u64 {
        self.pulses.get(&no).copied().unwrap_or_default()
    }

    /// Whether it matters if an entity of this type is another than before.
    pub(crate) fn asks(&self, item_type: &str) -> bool {
        item_type == "Instance" || (!self.taps.is_empty() && is_of_tree(item_type))
    }

    /// Takes note of a pulse; its data is the text of its JSON.
    pub(crate) fn pulse(&mut self, from: ClientNo, id: &str, emitter: &str, data: &str) {
        if self.taps.is_empty() {
            return;
        }
        *self.pulses.entry(from).or_default() += 1;
        for taps in self.taps.values_mut() {
            taps.pulse(Some(from), id, emitter, data);
        }
    }

    /// Takes note of what happens to an entity.
    pub(crate) fn note(
        &mut self,
        change: Change,
        item_type: &str,
        id: &str,
        item: &Item,
        from: Option<ClientNo>,
        unchanged: bool,
    ) {
        match item_type {
            "Pulse" if change == Change::Set && !self.taps.is_empty() => {
                let [Some(emitter)] = item.strings(["emitterId"]) else {
                    return;
                };
                let data = item.field("data").unwrap_or_default().to_string();
                if let Some(from) = from {
                    self.pulse(from, id, &emitter, &data);
                    return;
                }
                for taps in self.taps.values_mut() {
                    taps.pulse(None, id, &emitter, &data);
                }
            }
            DROP_TYPE | WARNING_TYPE => self.explained += 1,
            _ if !unchanged && is_of_tree(item_type) => {
                self.shape += 1;
                if item_type == "Instance" {
                    let [status] = item.strings(["status"]);
                    let status = match change {
                        Change::Set => status.as_deref().unwrap_or("changed"),
                        Change::Del => "gone",
                    };
                    self.happened.add(&format!("instance `{id}`: {status}"));
                }
            }
            _ => {}
        }
    }
}

/// Whether the tree is made of it.
fn is_of_tree(item_type: &str) -> bool {
    matches!(
        item_type,
        "Instance" | "Target" | "TargetStatus" | "Action" | "Emitter"
    )
}
