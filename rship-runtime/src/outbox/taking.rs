//! Taking: what a session takes out of the outbox, and how it begins and ends.

use std::collections::BTreeMap;

use rship_core::wire::FRAME_LIMIT;

use super::queue::Queue;
use super::slots::Standing;
use super::{Epoch, Link, Outbox, Phase, Round, SlotId, State, TargetNumber, Update};

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
            state.paced.clear();
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
            let State { slots, paced, .. } = &mut *state;
            if let Some(used) = slots.get(*id) {
                paced.let_go(*id, used);
                used.standing = Standing::Announced;
                if used.source.send_again() {
                    round.state(*id, used);
                    used.speaks();
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
    pub(crate) fn is_caught_up(&self) -> bool {
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
            && self.paced.is_empty()
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
                    round.state(entry.slot, used);
                    used.speaks();
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
                        round.state(id, used);
                        used.speaks();
                    }
                    // Its target is announced next; but nothing is read while there is no room, so that what
                    // the announcement waits for might never come.
                    Standing::Unannounced if !self.phase.is_live() && !is_full => return,
                    Standing::Unannounced | Standing::Announced | Standing::Held => {}
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
        self.paced.clear();
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
