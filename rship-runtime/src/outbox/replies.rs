//! Replies: answers on their way, each behind the states that its command changed.

use std::collections::VecDeque;

use super::KEPT;
use super::pulses::SlotId;
use super::{Admission, Epoch, Outbox};
use crate::mistake::Mistake;
use crate::world;

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
        if world::makes(Mistake::AnswersTwice) {
            state.replies.push(frame.as_bytes(), &[]);
        }
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
