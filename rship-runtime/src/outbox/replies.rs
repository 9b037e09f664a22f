//! Replies: answers on their way, each behind the states that its command changed.

use std::collections::VecDeque;

use super::KEPT;
use super::slots::SlotId;

/// What a waiting reply takes beside its text, in bytes.
const AROUND_A_REPLY: usize = 32;

#[derive(Default)]
pub(super) struct Replies {
    texts: VecDeque<u8>,
    waiting: VecDeque<Waiting>,
    touched: VecDeque<SlotId>,
}

#[derive(Debug, Clone, Copy)]
struct Waiting {
    length: usize,
    /// How many places of states it has to wait for.
    touched: usize,
}

impl Replies {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// What waits, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.texts.len() + self.waiting.len() * AROUND_A_REPLY
    }

    pub(super) fn push(&mut self, frame: &[u8], touched: &[SlotId]) {
        self.texts.extend(frame);
        self.touched.extend(touched);
        self.waiting.push_back(Waiting {
            length: frame.len(),
            touched: touched.len(),
        });
    }

    /// The places of the states that the next reply must not overtake.
    pub(super) fn next_touched(&self) -> Option<impl Iterator<Item = SlotId>> {
        let next = self.waiting.front()?;
        Some(self.touched.iter().take(next.touched).copied())
    }

    /// Appends the next reply; returns its length.
    pub(super) fn take(&mut self, out: &mut Vec<u8>) -> usize {
        let Some(Waiting { length, touched }) = self.waiting.pop_front() else {
            return 0;
        };
        let (first, second) = self.texts.as_slices();
        let in_first = length.min(first.len());
        out.extend_from_slice(&first[..in_first]);
        out.extend_from_slice(&second[..length - in_first]);
        self.texts.drain(..length);
        self.touched.drain(..touched);
        if self.waiting.is_empty() {
            self.shrink();
        }
        length
    }

    /// Throws all away; returns how many there were.
    pub(super) fn clear(&mut self) -> usize {
        let count = self.waiting.len();
        self.texts.clear();
        self.waiting.clear();
        self.touched.clear();
        self.shrink();
        count
    }

    fn shrink(&mut self) {
        self.texts.shrink_to(KEPT);
        self.waiting.shrink_to(KEPT / size_of::<Waiting>());
        self.touched.shrink_to(KEPT / size_of::<SlotId>());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reply_comes_with_the_places_it_waits_for() {
        let slot = |index| SlotId { index, usage: 0 };
        let mut replies = Replies::default();
        replies.push(b"one", &[slot(1), slot(2)]);
        replies.push(b"two", &[]);
        let touched: Vec<_> = replies.next_touched().unwrap().collect();
        assert_eq!(touched, [slot(1), slot(2)]);
        let mut out = Vec::new();
        assert_eq!(replies.take(&mut out), 3);
        assert_eq!(replies.next_touched().unwrap().count(), 0);
        replies.take(&mut out);
        assert_eq!(out, b"onetwo");
        assert!(replies.next_touched().is_none() && replies.bytes() == 0);
    }
}
