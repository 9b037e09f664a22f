//! The outbox: what waits for the socket. States keep their newest value only, impulses wait in a
//! bounded queue, and nobody who publishes ever waits.

mod batch;
mod news;
mod queue;
mod slots;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rship_core::Published;
use rship_core::change::LastValue;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::impulse::Overflow;
use crate::metrics::Counters;
use crate::registry::NodeId;
use batch::Answers;
use news::NewsQueue;
use queue::{Entry, Queue};
use slots::Slots;

pub(crate) use batch::Batch;
pub(crate) use news::News;
pub(crate) use slots::{SlotId, Source};

/// Answers that may wait for a server that does not read; a Myko server closes a connection at the
/// same number of waiting frames.
const WAITING_ANSWERS: usize = 10_000;

/// Memory for values that is kept for the next ones, in bytes.
const KEPT: usize = 1 << 20;

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
    /// Whether the session knows that there is something to take.
    woken: bool,
    /// Whether something that was taken may not be on the wire yet.
    taken: bool,
    /// Whether the server of this session was told of all there is.
    registered: bool,
    slots: Slots,
    queue: Queue,
    /// Impulses that came before the server was told of their targets.
    early: Queue,
    /// Targets that have something to say before the server was told of them.
    demanded: VecDeque<NodeId>,
    /// Impulses that wait.
    impulses: usize,
    impulse_limit: usize,
    /// Makes the hash of each impulse its own, over restarts too.
    nonce: u64,
    answers: Answers,
    /// Whether answers were lost, because the server lets too many wait.
    clogged: bool,
    news: NewsQueue,
    overflow: Overflow,
    /// Whether no session comes any more.
    ended: bool,
}

impl Outbox {
    pub(crate) fn new(impulse_limit: usize, counters: Arc<Counters>) -> Self {
        Self {
            state: Mutex::new(State {
                live: false,
                woken: false,
                taken: false,
                registered: false,
                slots: Slots::default(),
                queue: Queue::default(),
                early: Queue::default(),
                demanded: VecDeque::new(),
                impulses: 0,
                impulse_limit,
                nonce: Uuid::new_v4().as_u64_pair().1,
                answers: Answers::default(),
                clogged: false,
                news: NewsQueue::default(),
                overflow: Overflow::default(),
                ended: false,
            }),
            ready: Notify::new(),
            written: Notify::new(),
            counters,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the session, once for all that comes until it takes it.
    fn wake(&self, mut state: MutexGuard<'_, State>) {
        if !state.live || std::mem::replace(&mut state.woken, true) {
            return;
        }
        drop(state);
        self.ready.notify_one();
    }

    /// A place for an emitter of a target.
    pub(crate) fn open(&self, source: Arc<Source>, node: NodeId) -> SlotId {
        self.state().slots.open(source, node)
    }

    /// Gives places back, with all that waits in them; returns the last values.
    pub(crate) fn close(&self, slots: &[SlotId]) -> Vec<LastValue> {
        let mut state = self.state();
        let mut values = Vec::with_capacity(slots.len());
        let mut waiting = false;
        for id in slots {
            if let Some(slot) = state.slots.close(*id) {
                waiting |= slot.queued || slot.impulses > 0;
                values.push(std::mem::take(&mut slot.newest));
            }
        }
        if waiting {
            state.sweep();
        }
        values
    }

    /// Keeps a state's newest value, which the caller found to have changed.
    pub(crate) fn state_changed(&self, id: SlotId, json: &[u8]) -> Published {
        let mut state = self.state();
        let live = state.live;
        let Some(slot) = state.slots.get(id) else {
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
        let first = slot.told && state.queue.is_empty();
        state.queue.push_state(id);
        self.wake(state);
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
        let slot = state.slots.get(id);
        let Some(slot) = slot.filter(|slot| !slot.newest.json().is_empty()) else {
            return false;
        };
        if live && !slot.queued {
            slot.queued = true;
            state.queue.push_state(id);
            self.wake(state);
        }
        true
    }

    /// Queues an impulse, if there is room.
    pub(crate) fn impulse(&self, id: SlotId, json: &[u8]) -> Published {
        let mut state = self.state();
        let State {
            live,
            slots,
            queue,
            impulses,
            impulse_limit,
            overflow,
            ..
        } = &mut *state;
        let Some(slot) = slots.get(id) else {
            return Published::Detached;
        };
        let first = *live && slot.told && queue.is_empty();
        if *impulses >= *impulse_limit || !queue.push_impulse(id, json) {
            self.counters.impulses_dropped.add(1);
            if let Some(dropped) = overflow.count() {
                let source = Arc::clone(&slot.source);
                // Whoever keeps the log may publish, too.
                drop(state);
                dropped.warn(&source.emitter);
            }
            return Published::Dropped;
        }
        slot.impulses += 1;
        *impulses += 1;
        self.wake(state);
        if first {
            Published::Sent
        } else {
            Published::Queued
        }
    }

    /// Queues an answer.
    pub(crate) fn answer(&self, frame: &str) {
        let mut state = self.state();
        if state.answers.len() < WAITING_ANSWERS {
            state.answers.push(frame.as_bytes());
            self.wake(state);
        } else {
            state.clogged = true;
        }
    }

    /// Whether the server has let so many answers wait that the connection is of no use.
    pub(crate) fn is_clogged(&self) -> bool {
        self.state().clogged
    }

    /// Whether a session takes what is published.
    pub(crate) fn is_live(&self) -> bool {
        self.state().live
    }

    /// Queues news; without a session only what is gone is kept, because a registration tells the rest.
    pub(crate) fn news(&self, news: impl IntoIterator<Item = News>) {
        let mut state = self.state();
        let live = state.live;
        for news in news {
            state.news.push(news, live);
        }
        self.wake(state);
    }

    /// Targets came that no server was told of.
    pub(crate) fn targets_came(&self) {
        let mut state = self.state();
        state.registered = false;
        self.wake(state);
    }

    /// Forgets what was to be told of targets that are gone.
    pub(crate) fn forget(&self, gone: &[NodeId]) {
        self.state().news.forget(gone);
    }

    /// A session begins, with a server that was told of nothing.
    pub(crate) fn begin(&self) {
        let mut state = self.state();
        state.live = true;
        state.taken = true;
        state.registered = false;
        state.demanded.clear();
        state.news.begin();
        for slot in state.slots.all_mut() {
            slot.told = false;
            slot.demanded = false;
        }
        state.early_first();
    }

    /// The session has ended: states are kept, impulses wait.
    pub(crate) fn end(&self) {
        let mut state = self.state();
        state.live = false;
        state.woken = false;
        state.taken = false;
        if std::mem::take(&mut state.clogged) {
            // The next server would not read them either, and nobody waits for them any more.
            state.answers.clear();
        }
        state.news.end();
        state.early_first();
        let State { slots, queue, .. } = &mut *state;
        queue.retain(|entry| {
            if entry.impulse.is_none()
                && let Some(slot) = slots.get(entry.slot)
            {
                slot.queued = false;
            }
            entry.impulse.is_some()
        });
    }

    /// No session comes any more: nobody waits for the wire.
    pub(crate) fn finish(&self) {
        self.state().ended = true;
        self.written.notify_waiters();
    }

    /// The next news; some of it waits for the end of the registration.
    pub(crate) fn next_news(&self) -> Option<News> {
        let mut state = self.state();
        let registered = state.registered;
        state.news.next(registered)
    }

    /// The server was asked all queries there are.
    pub(crate) fn asked_all(&self) {
        self.state().news.asked_all();
    }

    /// Whether the server was told of everything, and of all that has changed since.
    pub(crate) fn has_told_all(&self) -> bool {
        let state = self.state();
        state.registered && state.news.is_empty()
    }

    /// Keeps what was written of things that are gone until the server is known to have read it.
    pub(crate) fn told_news(&self, news: News) {
        self.state().news.told(news);
    }

    /// The number of the next ping.
    pub(crate) fn ping(&self) -> u64 {
        self.state().news.ping()
    }

    /// The server has read everything that was written before the ping of this number.
    pub(crate) fn pong(&self, number: u64) {
        self.state().news.pong(number);
    }

    /// A target that has something to say before the server was told of it.
    pub(crate) fn demanded(&self) -> Option<NodeId> {
        self.state().demanded.pop_front()
    }

    /// The server is told of a target in the frames that are written next. The last values of its
    /// states come first of all its pulses.
    pub(crate) fn told(&self, slots: &[SlotId], batch: &mut Batch) {
        let mut state = self.state();
        for id in slots {
            if let Some(slot) = state.slots.get(*id) {
                slot.told = true;
                if !slot.newest.json().is_empty() {
                    batch.state(slot);
                }
            }
        }
    }

    /// The server was told of everything there is now.
    pub(crate) fn registered(&self) {
        self.state().registered = true;
    }

    /// Whether the server of this session was told of everything.
    pub(crate) fn is_registered(&self) -> bool {
        self.state().registered
    }

    /// Begins to take what waits.
    pub(crate) fn open_batch(&self, batch: &mut Batch) {
        batch.clear();
        let mut state = self.state();
        state.taken = true;
        state.woken = false;
    }

    /// Takes up to a frame's worth of pulses, and all answers.
    pub(crate) fn take(&self, batch: &mut Batch) {
        let mut state = self.state();
        if state.take_early(batch) {
            state.take_queued(batch);
        }
        self.counters.pulses_out.add(batch.len() as u64);
        std::mem::swap(&mut state.answers, &mut batch.answers);
    }

    /// Whether there is something to take.
    pub(crate) fn has_more(&self) -> bool {
        let state = self.state();
        !state.registered || !state.is_empty()
    }

    /// How many pulses wait.
    pub(crate) fn waiting(&self) -> usize {
        let state = self.state();
        state.queue.len() + state.early.len()
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
            {
                let state = self.state();
                if state.ended || state.is_written() {
                    return;
                }
            }
            written.await;
        }
    }

    /// Waits until there may be something to send.
    pub(crate) async fn ready(&self) {
        self.ready.notified().await;
    }
}

impl State {
    fn is_empty(&self) -> bool {
        self.queue.is_empty()
            && self.early.is_empty()
            && self.news.is_empty()
            && self.answers.len() == 0
    }

    fn is_written(&self) -> bool {
        self.live && self.registered && !self.taken && self.is_empty()
    }

    /// Takes the early impulses of targets that were told of since; `false` when the batch could not
    /// hold them all, because nothing may overtake them.
    fn take_early(&mut self, batch: &mut Batch) -> bool {
        let mut all = true;
        // Every one, so that those that stay keep their order.
        for _ in 0..self.early.len() {
            let start = batch.values().len();
            let Some(entry) = self.early.pop(batch.values()) else {
                break;
            };
            let slot = self.slots.get(entry.slot);
            let told = slot.is_some_and(|slot| slot.told);
            if told && !batch.is_full() {
                self.take_impulse(entry, start, batch);
            } else {
                all &= !told;
                self.early
                    .push_impulse(entry.slot, &batch.values()[start..]);
                batch.values().truncate(start);
            }
        }
        all
    }

    fn take_queued(&mut self, batch: &mut Batch) {
        while !batch.is_full() {
            let start = batch.values().len();
            let Some(entry) = self.queue.pop(batch.values()) else {
                return;
            };
            let Some(slot) = self.slots.get(entry.slot) else {
                continue;
            };
            if !slot.told && !std::mem::replace(&mut slot.demanded, true) {
                self.demanded.push_back(slot.node);
            }
            match entry.impulse {
                // The last value of a state goes out as soon as the server was told of its target.
                None if !slot.told => slot.queued = false,
                // It went out meanwhile.
                None if !slot.queued => {}
                None => batch.state(slot),
                Some(_) if slot.told => self.take_impulse(entry, start, batch),
                Some(_) => {
                    self.early
                        .push_impulse(entry.slot, &batch.values()[start..]);
                    batch.values().truncate(start);
                }
            }
        }
    }

    fn take_impulse(&mut self, entry: Entry, start: usize, batch: &mut Batch) {
        self.nonce = self.nonce.wrapping_add(1);
        self.impulses -= 1;
        if let Some(slot) = self.slots.get(entry.slot) {
            slot.impulses -= 1;
            batch.impulse(slot, start, self.nonce);
        }
    }

    /// Puts what was early before all that came later.
    fn early_first(&mut self) {
        self.early.append(&mut self.queue);
        std::mem::swap(&mut self.early, &mut self.queue);
    }

    /// Lets go of what waits for places that were given back.
    fn sweep(&mut self) {
        let Self {
            queue,
            early,
            slots,
            impulses,
            ..
        } = self;
        for queue in [queue, early] {
            queue.retain(|entry| {
                let keep = slots.get(entry.slot).is_some();
                *impulses -= usize::from(entry.impulse.is_some() && !keep);
                keep
            });
        }
    }
}
