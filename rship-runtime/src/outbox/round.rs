//! Rounds: what a session took out of the outbox to write it next, in memory that is used again.

use std::sync::Arc;

use rship_core::wire::{Change, FRAME_LIMIT, Frames, Pulse, Writer};

use super::KEPT;
use super::queue::Queue;
use super::slots::{SlotId, Used};
use super::source::Source;
use crate::stamp::Stamper;

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
            frames.pulse(writer, Change::Set, &pulse, stamper.next());
        }
        let mut start = 0;
        for end in &self.reply_ends {
            frames.frame(&self.replies[start..*end]);
            start = *end;
        }
    }
}
