//! The outbox: what waits for the socket. States keep their newest value only, impulses wait in a
//! bounded queue, and nobody who publishes ever waits.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rship_core::Published;
use rship_core::change::LastValue;
use rship_core::wire::{Change, FRAME_LIMIT, Frames, Writer};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::impulse::Overflow;
use crate::metrics::Counters;
use crate::news::Once;
use crate::registry::NodeId;
use crate::stamp::Stamper;

pub(crate) use crate::news::News;

/// Answers that may wait for a server that does not read; a Myko server closes a connection at the
/// same number of waiting frames.
const WAITING_ANSWERS: usize = 10_000;

pub(crate) struct Outbox {
    state: Mutex<State>,
    ready: Notify,
    /// Wakes those who wait for the wire.
    written: Notify,
    counters: Arc<Counters>,
}

struct State {
    /// Whether a session takes what is published.
    live: bool,
    /// Whether something that was taken may not be on the wire yet.
    taken: bool,
    slots: Vec<Slot>,
    free: Vec<u32>,
    queue: VecDeque<Entry>,
    impulses: usize,
    impulse_limit: usize,
    /// Makes the hash of each impulse its own, over restarts too.
    nonce: u64,
    answers: VecDeque<String>,
    news: VecDeque<News>,
    /// What of the news needs to be there once only.
    once: HashSet<Once>,
    /// What was written of things that are gone, with the number of the ping after it: its pong
    /// confirms it.
    unconfirmed: VecDeque<(u64, News)>,
    pings: u64,
    overflow: Overflow,
}

/// The place of one emitter of one instance. Places are used again, so an id carries the use it is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SlotId {
    index: u32,
    usage: u32,
}

struct Slot {
    usage: u32,
    emitter: Arc<str>,
    instance: Arc<str>,
    newest: LastValue,
    queued: bool,
    live: bool,
}

enum Entry {
    State(SlotId),
    Impulse {
        slot: SlotId,
        json: Box<[u8]>,
        nonce: u64,
    },
}

impl Outbox {
    pub(crate) fn new(impulse_limit: usize, counters: Arc<Counters>) -> Self {
        Self {
            state: Mutex::new(State {
                live: false,
                taken: false,
                slots: Vec::new(),
                free: Vec::new(),
                queue: VecDeque::new(),
                impulses: 0,
                impulse_limit,
                nonce: Uuid::new_v4().as_u64_pair().1,
                answers: VecDeque::new(),
                news: VecDeque::new(),
                once: HashSet::new(),
                unconfirmed: VecDeque::new(),
                pings: 0,
                overflow: Overflow::default(),
            }),
            ready: Notify::new(),
            written: Notify::new(),
            counters,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for an emitter.
    pub(crate) fn open(&self, emitter: Arc<str>, instance: Arc<str>) -> SlotId {
        let mut state = self.state();
        let mut slot = Slot {
            usage: 0,
            emitter,
            instance,
            newest: LastValue::default(),
            queued: false,
            live: true,
        };
        if let Some(index) = state.free.pop() {
            let place = &mut state.slots[index as usize];
            slot.usage = place.usage.wrapping_add(1);
            let usage = slot.usage;
            *place = slot;
            return SlotId { index, usage };
        }
        let index = u32::try_from(state.slots.len()).unwrap_or(u32::MAX);
        state.slots.push(slot);
        SlotId { index, usage: 0 }
    }

    /// Gives places back, with all that waits in them; returns the last values.
    pub(crate) fn close(&self, slots: &[SlotId]) -> Vec<LastValue> {
        let mut state = self.state();
        let mut values = Vec::with_capacity(slots.len());
        for id in slots {
            if let Some(slot) = state.slot(*id) {
                slot.live = false;
                values.push(std::mem::take(&mut slot.newest));
                state.free.push(id.index);
            }
        }
        let State {
            queue,
            slots: all,
            impulses,
            ..
        } = &mut *state;
        queue.retain(|entry| {
            let (slot, impulse) = match entry {
                Entry::State(slot) => (slot, false),
                Entry::Impulse { slot, .. } => (slot, true),
            };
            let keep = all[slot.index as usize].live;
            *impulses -= usize::from(impulse && !keep);
            keep
        });
        values
    }

    /// Keeps a state's newest value, which the caller found to have changed.
    pub(crate) fn state_changed(&self, id: SlotId, json: &[u8]) -> Published {
        let mut state = self.state();
        let live = state.live;
        let Some(slot) = state.slot(id) else {
            return Published::Detached;
        };
        slot.newest.update(json);
        if slot.queued {
            self.counters.states_coalesced.add(1);
            return Published::Kept;
        }
        if !live {
            return Published::Kept;
        }
        slot.queued = true;
        let first = state.queue.is_empty();
        state.queue.push_back(Entry::State(id));
        drop(state);
        self.ready.notify_one();
        if first {
            Published::Sent
        } else {
            Published::Kept
        }
    }

    /// Queues the newest value of a state once more; `false` when it has none.
    pub(crate) fn resend(&self, id: SlotId) -> bool {
        let mut state = self.state();
        let live = state.live;
        let Some(slot) = state.slot(id).filter(|slot| !slot.newest.json().is_empty()) else {
            return false;
        };
        if live && !slot.queued {
            slot.queued = true;
            state.queue.push_back(Entry::State(id));
            drop(state);
            self.ready.notify_one();
        }
        true
    }

    /// Queues an impulse, if there is room.
    pub(crate) fn impulse(&self, id: SlotId, json: &[u8]) -> Published {
        let mut state = self.state();
        let Some(emitter) = state.slot(id).map(|slot| Arc::clone(&slot.emitter)) else {
            return Published::Detached;
        };
        if state.impulses >= state.impulse_limit {
            self.counters.impulses_dropped.add(1);
            state.overflow.count(&emitter);
            return Published::Dropped;
        }
        let sent = state.live && state.queue.is_empty();
        state.impulses += 1;
        state.nonce = state.nonce.wrapping_add(1);
        let nonce = state.nonce;
        state.queue.push_back(Entry::Impulse {
            slot: id,
            json: json.into(),
            nonce,
        });
        let live = state.live;
        drop(state);
        if live {
            self.ready.notify_one();
        }
        if sent {
            Published::Sent
        } else {
            Published::Queued
        }
    }

    /// Queues an answer.
    pub(crate) fn answer(&self, frame: String) {
        let mut state = self.state();
        if state.answers.len() >= WAITING_ANSWERS {
            return;
        }
        state.answers.push_back(frame);
        drop(state);
        self.ready.notify_one();
    }

    /// Whether the server has let so many answers wait that the connection is of no use.
    pub(crate) fn is_clogged(&self) -> bool {
        self.state().answers.len() >= WAITING_ANSWERS
    }

    /// Whether a session takes what is published.
    pub(crate) fn is_live(&self) -> bool {
        self.state().live
    }

    /// Queues news; without a session only what is gone is kept, because a registration tells the rest.
    pub(crate) fn news(&self, news: impl IntoIterator<Item = News>) {
        let mut state = self.state();
        for news in news {
            if !state.live && !news.is_lasting() {
                continue;
            }
            if let News::ItemDeleted(key, _) = &news {
                // An item that comes and goes while nobody reads is deleted once.
                let same =
                    |other: &News| matches!(other, News::ItemDeleted(other, _) if other == key);
                state.news.retain(|other| !same(other));
                state.once.remove(&Once::Item(key.clone()));
            }
            if news.once().is_none_or(|once| state.once.insert(once)) {
                state.news.push_back(news);
            }
        }
        drop(state);
        self.ready.notify_one();
    }

    /// Forgets what was to be told of targets that are gone, so that what comes and goes while a server
    /// does not read leaves nothing behind.
    pub(crate) fn forget(&self, gone: &[NodeId]) {
        let mut state = self.state();
        if state.news.is_empty() {
            return;
        }
        let gone: HashSet<_> = gone.iter().collect();
        let State { news, once, .. } = &mut *state;
        news.retain(|news| news.node().is_none_or(|node| !gone.contains(&node)));
        once.retain(|news| match news {
            Once::Changed(node) | Once::Status(node) | Once::Details(node) => !gone.contains(node),
            Once::Instance(_) | Once::Item(_) => true,
        });
    }

    /// A session begins: from here on news is kept. What is gone and waited for it is returned.
    pub(crate) fn begin(&self) -> VecDeque<News> {
        let mut state = self.state();
        state.live = true;
        state.taken = true;
        state.once.clear();
        let mut news = std::mem::take(&mut state.news);
        news.retain(News::is_lasting);
        news
    }

    /// Keeps what was written of things that are gone until the server is known to have read it.
    pub(crate) fn told(&self, gone: Vec<News>) {
        let mut state = self.state();
        let ping = state.pings + 1;
        let gone = gone.into_iter().map(|news| (ping, news));
        state.unconfirmed.extend(gone);
    }

    /// The number of the next ping.
    pub(crate) fn ping(&self) -> u64 {
        let mut state = self.state();
        state.pings += 1;
        state.pings
    }

    /// The server has read everything that was written before the ping of this number.
    pub(crate) fn pong(&self, number: u64) {
        let mut state = self.state();
        let unconfirmed = state.unconfirmed.iter();
        let read = unconfirmed.take_while(|(ping, _)| *ping <= number).count();
        state.unconfirmed.drain(..read);
    }

    /// How many pulses wait.
    pub(crate) fn waiting(&self) -> usize {
        self.state().queue.len()
    }

    /// Queues the newest value of every state, in the order of `slots` and before all that waits.
    pub(crate) fn replay(&self, slots: &[SlotId]) {
        let mut state = self.state();
        let State {
            slots: all, queue, ..
        } = &mut *state;
        let waiting = std::mem::take(queue);
        for id in slots {
            let slot = &mut all[id.index as usize];
            slot.queued = slot.live && slot.usage == id.usage && !slot.newest.json().is_empty();
            if slot.queued {
                queue.push_back(Entry::State(*id));
            }
        }
        queue.extend(
            waiting
                .into_iter()
                .filter(|entry| matches!(entry, Entry::Impulse { .. })),
        );
        drop(state);
        self.ready.notify_one();
    }

    /// The session has ended: states are kept, impulses wait.
    pub(crate) fn end(&self) {
        let mut state = self.state();
        state.live = false;
        state.taken = false;
        if state.answers.len() >= WAITING_ANSWERS {
            // The next server would not read them either, and nobody waits for them any more.
            state.answers.clear();
        }
        state.once.clear();
        let State {
            slots,
            queue,
            news,
            unconfirmed,
            ..
        } = &mut *state;
        news.retain(News::is_lasting);
        // Maybe the server never saw these; to say them twice does no harm.
        for (_, gone) in unconfirmed.drain(..).rev() {
            news.push_front(gone);
        }
        queue.retain(|entry| match entry {
            Entry::State(id) => {
                slots[id.index as usize].queued = false;
                false
            }
            Entry::Impulse { .. } => true,
        });
    }

    /// All that was taken is on the wire.
    pub(crate) fn flushed(&self) {
        self.state().taken = false;
        self.written.notify_waiters();
    }

    /// Waits until nothing waits, and all that was taken is on the wire.
    pub(crate) async fn all_written(&self) {
        loop {
            let written = self.written.notified();
            tokio::pin!(written);
            // Before the look, so that nothing is missed in between.
            written.as_mut().enable();
            if self.state().is_written() {
                return;
            }
            written.await;
        }
    }

    /// Waits until there may be something to send.
    pub(crate) async fn ready(&self) {
        self.ready.notified().await;
    }

    /// Takes the next part of what waits: all news, then up to a frame's worth of pulses, then all
    /// answers, so that a caller sees the states that its command changed before its answer.
    pub(crate) fn take(&self, writer: &Writer, stamper: &mut Stamper) -> Taken {
        let mut state = self.state();
        state.taken = true;
        let news = std::mem::take(&mut state.news);
        state.once.clear();
        let mut frames = Frames::new(writer.generation());
        stamper.look_at_clock();
        let State {
            slots,
            queue,
            impulses,
            ..
        } = &mut *state;
        let mut pulses = 0;
        while frames.size() < FRAME_LIMIT
            && let Some(entry) = queue.pop_front()
        {
            let (id, json, nonce) = match &entry {
                Entry::State(id) => {
                    slots[id.index as usize].queued = false;
                    (*id, None, None)
                }
                Entry::Impulse { slot, json, nonce } => {
                    *impulses -= 1;
                    (*slot, Some(&**json), Some(*nonce))
                }
            };
            let slot = &slots[id.index as usize];
            let json = json.unwrap_or_else(|| slot.newest.json());
            // What serde_json wrote is UTF-8.
            let Ok(data) = std::str::from_utf8(json) else {
                continue;
            };
            pulses += 1;
            frames.event(|out| {
                let stamp = stamper.next();
                writer.pulse(
                    Change::Set,
                    &slot.emitter,
                    &slot.instance,
                    data,
                    nonce,
                    stamp,
                    out,
                );
            });
        }
        self.counters.pulses_out.add(pulses as u64);
        let answers = std::mem::take(&mut state.answers);
        let more = !state.queue.is_empty();
        drop(state);
        Taken {
            news,
            pulses: frames.take(),
            answers,
            count: pulses,
            more,
        }
    }
}

/// What a session writes next, in this order.
pub(crate) struct Taken {
    pub(crate) news: VecDeque<News>,
    pub(crate) pulses: Vec<String>,
    pub(crate) answers: VecDeque<String>,
    /// How many pulses these are.
    pub(crate) count: usize,
    /// Whether pulses are left.
    pub(crate) more: bool,
}

impl State {
    fn is_written(&self) -> bool {
        self.live
            && !self.taken
            && self.queue.is_empty()
            && self.news.is_empty()
            && self.answers.is_empty()
    }

    /// The place, unless it was given back.
    fn slot(&mut self, id: SlotId) -> Option<&mut Slot> {
        self.slots
            .get_mut(id.index as usize)
            .filter(|slot| slot.live && slot.usage == id.usage)
    }
}
