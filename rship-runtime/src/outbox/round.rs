//! Rounds: what a session takes out of the outbox to write it next, in memory that is used again.

use std::sync::{Arc, MutexGuard};

use rship_core::wire::{Change, FRAME_LIMIT, Frames, Pulse, Writer};

use super::phase::Phase;
use super::pulses::{Queue, SlotId, Source, Standing, Used};
use super::{KEPT, Outbox, State};
use crate::mistake::Mistake;
use crate::stamp::Stamper;
use crate::world;

/// What an event of a pulse holds beside ids and value, in bytes, or a little more.
const AROUND_A_PULSE: usize = 190;

/// Pulses and replies on their way into frames. Owned by the session, so that publishers never wait for
/// frames to be written.
#[derive(Default)]
pub(crate) struct Round {
    /// What was taken out of the outbox in one piece and is written part by part.
    pub(super) outgoing: Queue,
    /// The sources by their slots: looked up once, not for each pulse.
    sources: Vec<Option<(u32, Arc<Source>)>>,
    pulses: Vec<Taken>,
    /// The values of states.
    values: Vec<u8>,
    /// About how many bytes the pulses come to.
    size: usize,
    /// Whether values of this round are read from what was taken.
    reads_outgoing: bool,
    pub(super) replies: Vec<u8>,
    pub(super) reply_ends: Vec<usize>,
    /// Whether something was left that could have been taken.
    pub(super) more: bool,
}

struct Taken {
    slot: u32,
    start: usize,
    length: usize,
    /// `None` for a state, whose value is among those of the round.
    nonce: Option<u64>,
}

impl Round {
    /// How many pulses there are.
    pub(crate) fn pulses(&self) -> usize {
        self.pulses.len()
    }

    /// How many replies there are.
    pub(crate) fn replies(&self) -> usize {
        self.reply_ends.len()
    }

    /// Whether there is more to take; what came since then wakes the session.
    pub(crate) fn has_more(&self) -> bool {
        self.more
    }

    /// Whether nothing is left of what was taken.
    pub(crate) fn is_spent(&self) -> bool {
        self.outgoing.is_empty()
    }

    /// How many pulses of earlier rounds are left.
    pub(crate) fn left(&self) -> usize {
        self.outgoing.len()
    }

    /// Whether what was taken is all written, and the next may take its place.
    pub(super) fn has_room(&self) -> bool {
        self.outgoing.is_empty() && !self.reads_outgoing
    }

    /// Whether the pulses fill a frame.
    pub(super) fn is_full(&self) -> bool {
        self.size >= FRAME_LIMIT - AROUND_A_PULSE
    }

    /// Begins the next round.
    pub(crate) fn clear(&mut self) {
        self.pulses.clear();
        self.values.clear();
        self.values.shrink_to(KEPT);
        self.size = 0;
        self.reads_outgoing = false;
        self.replies.clear();
        self.replies.shrink_to(KEPT);
        self.reply_ends.clear();
    }

    /// Forgets whose slots they were.
    pub(super) fn forget_sources(&mut self) {
        self.sources = Vec::new();
    }

    pub(super) fn impulse(
        &mut self,
        id: SlotId,
        used: &Used,
        start: usize,
        length: usize,
        nonce: u64,
    ) {
        self.reads_outgoing = true;
        used.source.impulse_went_out();
        self.push(id, used, start, length, Some(nonce));
    }

    /// Takes the newest value of a state, unless the server has it.
    pub(super) fn state(&mut self, id: SlotId, used: &Used) {
        let start = self.values.len();
        if used.source.take_unsent(&mut self.values) {
            let length = self.values.len() - start;
            self.push(id, used, start, length, None);
        }
    }

    fn push(&mut self, id: SlotId, used: &Used, start: usize, length: usize, nonce: Option<u64>) {
        let index = id.index as usize;
        if self.sources.len() <= index {
            self.sources.resize(index + 1, None);
        }
        let known = &mut self.sources[index];
        if !matches!(known, Some((usage, _)) if *usage == id.usage) {
            *known = Some((id.usage, Arc::clone(&used.source)));
        }
        let ids = 2 * used.source.emitter.len() + used.source.instance.len();
        self.size += AROUND_A_PULSE + ids + length;
        self.pulses.push(Taken {
            slot: id.index,
            start,
            length,
            nonce,
        });
    }

    /// Puts the pulses into frames, and then the replies: a caller sees the states that its command
    /// changed before its answer.
    pub(crate) fn write(&self, writer: &Writer, stamper: &mut Stamper, frames: &mut Frames) {
        for taken in &self.pulses {
            let Some((_, source)) = &self.sources[taken.slot as usize] else {
                continue;
            };
            let data = match taken.nonce {
                Some(_) => self.outgoing.value(taken.start, taken.length),
                None => &self.values[taken.start..taken.start + taken.length],
            };
            let pulse = Pulse {
                source: &source.wire,
                data,
                nonce: taken.nonce,
            };
            if taken.nonce.is_none() && world::makes(Mistake::GoesBack) {
                let before = Pulse {
                    data: b"0",
                    ..pulse
                };
                frames.pulse(writer, Change::Set, &before, stamper.next());
            }
            frames.pulse(writer, Change::Set, &pulse, stamper.next());
        }
        let mut start = 0;
        for end in &self.reply_ends {
            frames.frame(&self.replies[start..*end]);
            start = *end;
        }
    }
}

/// What a session takes.
impl Outbox {
    /// Begins to take what waits.
    pub(crate) fn open_round(&self, round: &mut Round) {
        round.clear();
        self.locked().phase.taken();
    }

    /// Takes up to a frame's worth of pulses, and of replies those whose states are in it or before it.
    pub(crate) fn take(&self, round: &mut Round) {
        let state = self.locked();
        self.taken(state, round);
    }

    /// The same in one go, if the server was told of everything and nothing else waits; `false` when
    /// something does.
    pub(crate) fn take_pulses(&self, round: &mut Round) -> bool {
        round.clear();
        let mut state = self.locked();
        if !state.only_pulses_wait() {
            return false;
        }
        state.phase.taken();
        self.taken(state, round);
        true
    }

    fn taken(&self, mut state: MutexGuard<'_, State>, round: &mut Round) {
        state.take_pulses(round);
        let was_full = state.replies.bytes() >= self.limits.reply_bytes;
        if !state.replies.is_empty() {
            state.take_replies(round, was_full);
        }
        round.more = !round.is_spent() || state.has_takeable();
        drop(state);
        self.counters.pulses_out.add(round.pulses() as u64);
        if was_full {
            self.room.notify_waiters();
        }
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
    /// Whether nothing but pulses and replies waits for a server that was told of everything.
    fn only_pulses_wait(&self) -> bool {
        self.phase.is_live()
            && self.urgent.is_empty()
            && self.updates.is_empty()
            && self.echo.is_none()
            && !self.requests
    }

    /// Whether a session could take something now.
    fn has_takeable(&mut self) -> bool {
        let live = self.phase.is_live();
        !self.pulses.is_empty()
            || !self.urgent.is_empty()
            || self.updates.has_next(live)
            || !self.replies.is_empty() && self.has_takeable_reply()
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
            Phase::Live(link) => {
                !link.in_flight
                    && self.pulses.is_empty()
                    && self.paced.is_empty()
                    && self.replies.is_empty()
                    && self.only_pulses_wait()
            }
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
}
