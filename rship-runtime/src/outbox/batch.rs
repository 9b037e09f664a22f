//! Batches: what a session took out of the outbox to write it next, in memory that is used again.

use std::ops::Range;
use std::sync::Arc;

use rship_core::wire::{Change, FRAME_LIMIT, Frames, Pulse, Writer};

use super::KEPT;
use super::slots::{Slot, Source};
use crate::stamp::Stamper;

/// What an event of a pulse holds beside ids and value, in bytes, or a little more.
const AROUND_A_PULSE: usize = 190;

/// Pulses and answers on their way into frames.
#[derive(Default)]
pub(crate) struct Batch {
    pulses: Vec<Taken>,
    values: Vec<u8>,
    /// About how many bytes the pulses come to.
    size: usize,
    pub(super) answers: Answers,
}

struct Taken {
    source: Arc<Source>,
    value: Range<usize>,
    nonce: Option<u64>,
}

impl Batch {
    /// How many pulses there are.
    pub(crate) fn len(&self) -> usize {
        self.pulses.len()
    }

    /// Whether the pulses fill a frame.
    pub(super) fn is_full(&self) -> bool {
        self.size >= FRAME_LIMIT - AROUND_A_PULSE
    }

    pub(super) fn clear(&mut self) {
        self.pulses.clear();
        self.values.clear();
        self.values.shrink_to(KEPT);
        self.size = 0;
        self.answers.clear();
    }

    /// The memory that values are appended to, before it is said whose they are.
    pub(super) fn values(&mut self) -> &mut Vec<u8> {
        &mut self.values
    }

    /// Takes what was appended to the values from `start` on as the value of an impulse.
    pub(super) fn impulse(&mut self, slot: &Slot, start: usize, nonce: u64) {
        self.pulse(slot, start, Some(nonce));
    }

    /// Takes the newest value of a state.
    pub(super) fn state(&mut self, slot: &mut Slot) {
        slot.queued = false;
        let start = self.values.len();
        self.values.extend_from_slice(slot.newest.json());
        self.pulse(slot, start, None);
    }

    fn pulse(&mut self, slot: &Slot, start: usize, nonce: Option<u64>) {
        let source = Arc::clone(&slot.source);
        let value = start..self.values.len();
        self.size +=
            AROUND_A_PULSE + 2 * source.emitter.len() + source.instance.len() + value.len();
        self.pulses.push(Taken {
            source,
            value,
            nonce,
        });
    }

    /// Puts the pulses into frames, and then the answers, so that a caller sees the states that its
    /// command changed before its answer, unless more than a frame of them waits.
    pub(crate) fn write(&self, writer: &Writer, stamper: &mut Stamper, frames: &mut Frames) {
        for taken in &self.pulses {
            let pulse = Pulse {
                source: &taken.source.wire,
                data: &self.values[taken.value.clone()],
                nonce: taken.nonce,
            };
            frames.pulse(writer, Change::Set, &pulse, stamper.next());
        }
        for answer in self.answers.iter() {
            frames.frame(answer);
        }
    }
}

/// Frames of answers, one after the other.
#[derive(Default)]
pub(super) struct Answers {
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Answers {
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn push(&mut self, frame: &[u8]) {
        self.text.extend_from_slice(frame);
        self.ends.push(self.text.len());
    }

    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.text.shrink_to(KEPT);
        self.ends.clear();
    }

    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.ends.iter().map(move |end| {
            let frame = &self.text[start..*end];
            start = *end;
            frame
        })
    }
}
