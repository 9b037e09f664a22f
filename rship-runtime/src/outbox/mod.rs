//! The outbox: what waits for the wire, bounded in bytes and in number. States keep their newest value
//! only, and nobody who publishes ever waits.
//!
//! One lock protects all of it; it is held for moments, and below it only that of a source's value is
//! taken. Publishers push into queues, the session swaps a full queue for an empty one and writes
//! frames outside the lock.

mod departures;
mod items;
mod ordered;
mod queue;
mod replies;
mod round;
mod slots;
mod source;
mod updates;
mod weight;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rship_core::Published;
use rship_core::wire::FRAME_LIMIT;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::journal::{Journal, Topic};
use crate::metrics::Counters;
use crate::settings::Limits;
use ordered::Ordered;
use queue::Queue;
use replies::Replies;
use slots::{Slots, Standing};
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

/// Publishers: pulses of the targets' emitters.
impl Outbox {
    /// A place for an emitter of a target.
    pub(crate) fn open(&self, source: Arc<Source>, target: TargetNumber) -> SlotId {
        self.locked().slots.open(source, target)
    }

    /// Gives places back, with all that waits in them.
    pub(crate) fn close(&self, slots: &[SlotId]) {
        let mut state = self.locked();
        let mut waiting = false;
        for id in slots {
            if let Some(used) = state.slots.close(*id) {
                waiting |= used.impulses > 0 || used.standing == Standing::Pending;
                state.early.remove(&used.target);
                state.impulses.count -= used.impulses as usize;
                state.impulses.bytes -= used.impulse_bytes;
            }
        }
        if waiting {
            let State { pulses, slots, .. } = &mut *state;
            pulses.retain(|entry| slots.get(entry.slot).is_some());
        }
    }

    /// Keeps a value of a state if it is written differently than the one before; `None` when it is not.
    pub(crate) fn state(&self, id: SlotId, source: &Source, json: &[u8]) -> Option<Published> {
        if json.len() > self.limits.message {
            return source.refuse(json.len()).then(|| {
                self.refuse(&source.emitter, json.len());
                Published::TooLarge
            });
        }
        source.update(json).then(|| self.state_changed(id))
    }

    fn state_changed(&self, id: SlotId) -> Published {
        let mut state = self.locked();
        let State {
            phase,
            slots,
            pulses,
            urgent,
            ..
        } = &mut *state;
        if matches!(phase, Phase::Ended) {
            return Published::Detached;
        }
        let Some(used) = slots.get(id) else {
            return Published::Detached;
        };
        match used.standing {
            Standing::Pending => {
                self.counters.states_coalesced.add(1);
                Published::Kept
            }
            Standing::Announced => {
                used.standing = Standing::Pending;
                let first = pulses.is_empty();
                pulses.push_state(id);
                self.wake(state);
                if first {
                    Published::Sent
                } else {
                    Published::Kept
                }
            }
            Standing::Unannounced => {
                if phase.link().is_some() {
                    urgent.push(used.target);
                    self.wake(state);
                }
                Published::Kept
            }
        }
    }

    /// Queues the newest value of a state once more; `false` when it has none.
    pub(crate) fn resend(&self, id: SlotId) -> bool {
        let mut state = self.locked();
        let State { slots, pulses, .. } = &mut *state;
        let Some(used) = slots.get(id) else {
            return false;
        };
        if !used.source.send_again() {
            return false;
        }
        if used.standing == Standing::Announced {
            used.standing = Standing::Pending;
            pulses.push_state(id);
            self.wake(state);
        }
        true
    }

    /// Queues an impulse, if there is room.
    pub(crate) fn impulse(&self, id: SlotId, source: &Source, json: &[u8]) -> Published {
        if json.len() > self.limits.message {
            self.refuse(&source.emitter, json.len());
            return Published::TooLarge;
        }
        let mut state = self.locked();
        let State {
            phase,
            slots,
            pulses,
            early,
            urgent,
            impulses,
            ..
        } = &mut *state;
        if matches!(phase, Phase::Ended) {
            return Published::Detached;
        }
        let Some(used) = slots.get(id) else {
            return Published::Detached;
        };
        let bytes = impulses.bytes + json.len();
        let full = impulses.count >= self.limits.impulses || bytes > self.limits.impulse_bytes;
        let announced = used.standing != Standing::Unannounced;
        let first = announced && pulses.is_empty();
        let pushed = !full
            && if announced {
                pulses.push_impulse(id, json)
            } else {
                let waiting = early.entry(used.target).or_default();
                if waiting.is_empty() && phase.link().is_some() {
                    urgent.push(used.target);
                }
                waiting.push_impulse(id, json)
            };
        if !pushed {
            // Whoever keeps the log may publish, too.
            drop(state);
            self.counters.impulses_dropped.add(1);
            self.journal.warn(Topic::ImpulseDropped, || {
                format!(
                    "the queue of impulses is full: one of emitter `{}` is dropped",
                    source.emitter
                )
            });
            return Published::Dropped;
        }
        used.impulses += 1;
        used.impulse_bytes += json.len();
        impulses.count += 1;
        impulses.bytes = bytes;
        self.wake(state);
        if first {
            Published::Sent
        } else {
            Published::Queued
        }
    }

    fn refuse(&self, emitter: &str, length: usize) {
        self.counters.values_refused.add(1);
        self.journal.warn(Topic::ValueRefused, || {
            format!(
                "emitter `{emitter}`: a value of {length} bytes is not sent, because the message limit is \
                 {} bytes: publish less, or raise `message_limit` as far as the server takes",
                self.limits.message
            )
        });
    }
}

/// Replies and frames of our own.
impl Outbox {
    /// Queues a reply, to be sent behind the states that its command changed; only to the connection that
    /// asked. Says whether that is still there.
    pub(crate) fn reply(&self, epoch: Epoch, frame: &str, touched: &[SlotId]) -> bool {
        let mut state = self.locked();
        if state.epoch != Some(epoch) {
            return false;
        }
        state.replies.push(frame.as_bytes(), touched);
        self.wake(state);
        true
    }

    /// Whether a command of this connection may begin.
    pub(crate) fn admit(&self, epoch: Epoch) -> Admission {
        let state = self.locked();
        if state.epoch != Some(epoch) {
            Admission::Gone
        } else if state.replies.bytes() >= self.limits.reply_bytes {
            Admission::Full
        } else {
            Admission::Granted
        }
    }

    /// Whether there is room for further replies.
    pub(crate) fn has_reply_room(&self) -> bool {
        let state = self.locked();
        state.replies.bytes() < self.limits.reply_bytes || state.epoch.is_none()
    }

    /// Waits until there is room for further replies.
    pub(crate) async fn reply_room(&self) {
        loop {
            let room = self.room.notified();
            tokio::pin!(room);
            // Before the look, so that nothing is missed in between.
            room.as_mut().enable();
            if self.has_reply_room() {
                return;
            }
            room.await;
        }
    }

    /// Echoes a ping of the server's own.
    pub(crate) fn echo(&self, frame: String) {
        let mut state = self.locked();
        state.echo = Some(frame);
        self.wake(state);
    }

    /// Queues a frame for this session; `false` when there is none, or too much waits.
    pub(crate) fn frame(&self, frame: String) -> bool {
        let mut state = self.locked();
        if state.phase.link().is_none() {
            return false;
        }
        let kept = state.updates.frame(frame, self.limits.update_bytes);
        self.wake(state);
        if !kept {
            self.counters.updates_dropped.add(1);
        }
        kept
    }

    /// Whether a session takes what is published.
    pub(crate) fn has_session(&self) -> bool {
        self.locked().phase.link().is_some()
    }

    /// There are queries to ask or to cancel.
    pub(crate) fn requests_came(&self) {
        let mut state = self.locked();
        state.requests = true;
        self.wake(state);
    }
}

/// The registry: what came, changed and went.
impl Outbox {
    /// Targets came that no server was told of.
    pub(crate) fn targets_came(&self) {
        let mut state = self.locked();
        if let Phase::Live(link) = &mut state.phase {
            let link = std::mem::take(link);
            state.phase = Phase::Registering(link);
        }
        self.wake(state);
    }

    /// Something has changed; without a session a registration will tell.
    pub(crate) fn changed(&self, changes: impl IntoIterator<Item = Change>) {
        let mut state = self.locked();
        if state.phase.link().is_none() {
            return;
        }
        for change in changes {
            state.updates.change(change);
        }
        self.wake(state);
    }

    /// Targets are gone: those that a server may know are told of.
    pub(crate) fn departed(&self, gone: &[TargetNumber], departed: Vec<Departed>) {
        let mut state = self.locked();
        state.updates.forget(gone);
        let mut dropped = 0;
        for departed in departed {
            let limit = self.limits.update_bytes;
            dropped += state.updates.departures.push(departed, limit);
        }
        self.wake(state);
        self.dropped(dropped);
    }

    /// An id is back with these members.
    /// Returns whether a server may know it still.
    pub(crate) fn returned(&self, key: &TargetKey, stays: &dyn Fn(&str) -> bool) -> bool {
        self.locked().updates.departures.returned(key, stays)
    }

    /// An id is gone again that was not announced since it came back.
    pub(crate) fn gone_again(&self, key: &TargetKey) {
        self.locked().updates.departures.gone_again(key);
    }

    /// Types and ids of what some targets had that are gone, from the one of this number on.
    pub(crate) fn gone(&self, from: usize, targets: usize) -> Vec<(&'static str, String)> {
        self.locked().updates.departures.gone.part(from, targets)
    }

    /// How long an id has to stay away because its deletion is on its way.
    pub(crate) fn hold(&self, key: &TargetKey) -> Option<Hold> {
        self.locked().updates.departures.hold(key)
    }

    /// Whether something of this type and id is gone.
    pub(crate) fn is_gone(&self, key: &(&'static str, String)) -> bool {
        self.locked().updates.departures.gone.has(key)
    }

    /// An item was published, or published anew.
    pub(crate) fn item(&self, key: ItemKey) {
        let mut state = self.locked();
        if state.phase.link().is_some() {
            state.updates.item(key);
        } else {
            state.updates.withdraw(&key);
        }
        self.wake(state);
    }

    /// An item was deleted; `json` is what a server may know of it.
    pub(crate) fn item_deleted(&self, key: ItemKey, json: Option<Vec<u8>>) {
        let mut state = self.locked();
        let kept = match json {
            Some(json) => state.updates.delete(key, json, self.limits.update_bytes),
            None => {
                state.updates.forget_item(&key);
                true
            }
        };
        self.wake(state);
        self.dropped(u64::from(!kept));
    }

    fn dropped(&self, updates: u64) {
        if updates > 0 {
            self.counters.updates_dropped.add(updates);
            self.journal.warn(Topic::UpdateDropped, || {
                format!(
                    "{updates} removals or deletions are dropped, because more than {} bytes of them wait for \
                     the server: what it keeps of targets is looked for when it is read back",
                    self.limits.update_bytes
                )
            });
        }
    }
}

/// Sessions: who takes what waits.
impl Outbox {
    /// A connection is open: commands may come.
    pub(crate) fn connected(&self) -> Epoch {
        let mut state = self.locked();
        state.epochs += 1;
        state.epoch = Some(state.epochs);
        state.epochs
    }

    /// The server is known, and was told of nothing in the form that it reads.
    pub(crate) fn begin(&self, round: &mut Round) {
        let mut state = self.locked();
        state.recall(round);
        state.phase = Phase::Registering(Link {
            notified: false,
            in_flight: true,
        });
        state.requests = false;
        state.updates.begin();
        let State { early, urgent, .. } = &mut *state;
        urgent.clear();
        for target in early.keys() {
            urgent.push(*target);
        }
    }

    /// The connection is gone: states are kept, impulses wait, replies are of no use to anybody.
    pub(crate) fn end(&self, round: &mut Round) {
        let discarded = {
            let mut state = self.locked();
            state.recall(round);
            state.phase = Phase::Offline;
            state.epoch = None;
            state.echo = None;
            state.updates.end();
            state.replies.clear() + round.replies()
        };
        round.clear();
        self.counters.answers_discarded.add(discarded as u64);
        self.room.notify_waiters();
    }

    /// No session comes any more: nobody waits for the wire.
    pub(crate) fn finish(&self) {
        {
            let mut state = self.locked();
            state.phase = Phase::Ended;
            state.epoch = None;
            state.pulses = Queue::default();
            state.early = BTreeMap::new();
            state.replies.clear();
        }
        self.written.notify_waiters();
        self.room.notify_waiters();
    }

    /// The next update; some of it waits for the end of the registration.
    pub(crate) fn next_update(&self) -> Option<Update> {
        let mut state = self.locked();
        let registered = state.phase.is_live();
        state.updates.next(registered)
    }

    /// Keeps what was written of things that are gone until the server is known to have read it.
    pub(crate) fn update_written(&self, update: Update) {
        self.locked().updates.written(update);
    }

    /// Whether there are queries to ask or to cancel now.
    pub(crate) fn take_requests(&self) -> bool {
        let mut state = self.locked();
        state.phase.is_live() && std::mem::take(&mut state.requests)
    }

    pub(crate) fn take_echo(&self) -> Option<String> {
        self.locked().echo.take()
    }

    /// The number of the next ping.
    pub(crate) fn ping(&self) -> u64 {
        self.locked().updates.ping()
    }

    /// The server has read everything that was written before the ping of this number.
    pub(crate) fn pong(&self, number: u64) {
        self.locked().updates.pong(number);
    }

    /// A target that has something to say before it was announced.
    pub(crate) fn urgent(&self) -> Option<TargetNumber> {
        self.locked().urgent.pop()
    }

    /// A target is announced in the frames that are written next. The last values of its states come
    /// first of all its pulses.
    pub(crate) fn announce(&self, target: TargetNumber, slots: &[SlotId], round: &mut Round) {
        let mut state = self.locked();
        for id in slots {
            if let Some(used) = state.slots.get(*id) {
                used.standing = Standing::Announced;
                if used.source.send_again() {
                    round.state(*id, used);
                }
            }
        }
        if let Some(mut early) = state.early.remove(&target) {
            let pulses = &mut state.pulses;
            early.drain(|entry, value| {
                // It fitted before.
                pulses.push_impulse(entry.slot, value);
            });
        }
    }

    /// The server was told of everything there is now.
    pub(crate) fn registered(&self) {
        let mut state = self.locked();
        if let Phase::Registering(link) = &mut state.phase {
            let link = std::mem::take(link);
            state.phase = Phase::Live(link);
        }
    }

    /// Whether the server of this session was told of everything.
    pub(crate) fn is_registered(&self) -> bool {
        self.locked().phase.is_live()
    }

    /// Begins to take what waits.
    pub(crate) fn open_round(&self, round: &mut Round) {
        round.clear();
        if let Some(link) = self.locked().phase.link() {
            *link = Link {
                notified: false,
                in_flight: true,
            };
        }
    }

    /// Takes up to a frame's worth of pulses, and of replies those whose states are in it or before it.
    pub(crate) fn take(&self, round: &mut Round) {
        let was_full = {
            let mut state = self.locked();
            state.take_pulses(round);
            let was_full = state.replies.bytes() >= self.limits.reply_bytes;
            state.take_replies(round, was_full);
            was_full
        };
        self.counters.pulses_out.add(round.pulses() as u64);
        if was_full {
            self.room.notify_waiters();
        }
    }

    /// Whether there is something to take.
    pub(crate) fn has_more(&self, round: &Round) -> bool {
        !round.is_spent() || self.locked().has_takeable()
    }

    /// Whether the server was told of everything, and of all that has changed since.
    pub(crate) fn has_told_all(&self) -> bool {
        let state = self.locked();
        state.phase.is_live() && state.updates.is_empty()
    }

    /// How many pulses wait.
    pub(crate) fn waiting(&self, round: &Round) -> usize {
        self.locked().pulses.len() + round.left()
    }

    /// All that was taken is on the wire.
    pub(crate) fn flushed(&self, round: &mut Round) {
        if !round.is_spent() {
            return;
        }
        round.clear();
        round.outgoing.clear();
        if let Some(link) = self.locked().phase.link() {
            link.in_flight = false;
        }
        self.written.notify_waiters();
    }

    /// Waits until nothing waits, and all that was taken is on the wire.
    pub(crate) async fn all_written(&self) {
        loop {
            let written = self.written.notified();
            tokio::pin!(written);
            // Before the look, so that nothing is missed in between.
            written.as_mut().enable();
            if self.locked().is_written() {
                return;
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
        self.pulses.is_empty()
            && self.urgent.is_empty()
            && self.updates.is_empty()
            && self.replies.is_empty()
            && self.echo.is_none()
            && !self.requests
    }

    /// Whether a session could take something now.
    fn has_takeable(&mut self) -> bool {
        let live = self.phase.is_live();
        !self.pulses.is_empty()
            || !self.urgent.is_empty()
            || self.updates.has_next(live)
            || self.has_takeable_reply()
            || self.echo.is_some()
            || self.requests && live
    }

    fn has_takeable_reply(&mut self) -> bool {
        let Some(mut touched) = self.replies.next_touched() else {
            return false;
        };
        let slots = &mut self.slots;
        self.phase.is_live()
            || !touched.any(|id| {
                slots
                    .get(id)
                    .is_some_and(|used| used.standing == Standing::Unannounced)
            })
    }

    fn is_written(&self) -> bool {
        match &self.phase {
            Phase::Ended => true,
            Phase::Live(link) => !link.in_flight && self.is_empty(),
            Phase::Offline | Phase::Registering(_) => false,
        }
    }

    fn take_pulses(&mut self, round: &mut Round) {
        while !round.is_full() {
            let Some((entry, start)) = round.outgoing.next() else {
                if self.pulses.is_empty() || !round.has_room() {
                    return;
                }
                round.outgoing.clear();
                std::mem::swap(&mut round.outgoing, &mut self.pulses);
                continue;
            };
            let Some(used) = self.slots.get(entry.slot) else {
                continue;
            };
            match (entry.impulse, used.standing) {
                (None, Standing::Pending) => {
                    used.standing = Standing::Announced;
                    round.state(entry.slot, used);
                }
                // It went out with an announcement, or before a reply.
                (None, _) => {}
                (Some(length), _) => {
                    let length = length as usize;
                    self.nonce = self.nonce.wrapping_add(1);
                    self.impulses.count -= 1;
                    self.impulses.bytes -= length;
                    used.impulses -= 1;
                    used.impulse_bytes -= length;
                    round.impulse(entry.slot, used, start, length, self.nonce);
                }
            }
        }
    }

    /// Takes replies, each behind the newest values of the states that its command changed.
    fn take_replies(&mut self, round: &mut Round, is_full: bool) {
        while round.replies.len() < FRAME_LIMIT {
            let Some(touched) = self.replies.next_touched() else {
                return;
            };
            for id in touched {
                let Some(used) = self.slots.get(id) else {
                    continue;
                };
                match used.standing {
                    Standing::Pending => {
                        used.standing = Standing::Announced;
                        round.state(id, used);
                    }
                    // Its target is announced next; but nothing is read while there is no room, so that what
                    // the announcement waits for might never come.
                    Standing::Unannounced if !self.phase.is_live() && !is_full => return,
                    Standing::Unannounced | Standing::Announced => {}
                }
            }
            self.replies.take(&mut round.replies);
            round.reply_ends.push(round.replies.len());
        }
    }

    /// Takes back what was queued for announced targets: no target is announced any more.
    fn recall(&mut self, round: &mut Round) {
        for used in self.slots.all_mut() {
            used.standing = Standing::Unannounced;
        }
        let Self {
            slots,
            pulses,
            early,
            ..
        } = self;
        for queue in [&mut round.outgoing, pulses] {
            queue.drain(|entry, value| {
                if entry.impulse.is_some()
                    && let Some(used) = slots.get(entry.slot)
                {
                    early
                        .entry(used.target)
                        .or_default()
                        // It fitted before.
                        .push_impulse(entry.slot, value);
                }
            });
        }
        round.forget_sources();
    }
}
