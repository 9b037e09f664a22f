//! Pulses in the order of publishing. The queue keeps its memory, so that steady pulsing allocates
//! nothing.

use std::collections::VecDeque;

use super::KEPT;
use super::slots::SlotId;

/// One pulse that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) slot: SlotId,
    /// The length of an impulse's value; a state's is that of its slot when it is taken.
    pub(super) impulse: Option<u32>,
}

#[derive(Default)]
pub(super) struct Queue {
    entries: VecDeque<Entry>,
    /// The values of the impulses, one after the other.
    values: VecDeque<u8>,
}

impl Queue {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn push_state(&mut self, slot: SlotId) {
        self.entries.push_back(Entry {
            slot,
            impulse: None,
        });
    }

    /// `false` when the value is larger than any frame can be.
    pub(super) fn push_impulse(&mut self, slot: SlotId, json: &[u8]) -> bool {
        let Ok(length) = u32::try_from(json.len()) else {
            return false;
        };
        self.values.extend(json);
        self.entries.push_back(Entry {
            slot,
            impulse: Some(length),
        });
        true
    }

    /// The next entry; the value of an impulse is appended to `values`.
    pub(super) fn pop(&mut self, values: &mut Vec<u8>) -> Option<Entry> {
        let entry = self.entries.pop_front()?;
        if let Some(length) = entry.impulse {
            let length = length as usize;
            let (first, second) = self.values.as_slices();
            let in_first = length.min(first.len());
            values.extend_from_slice(&first[..in_first]);
            values.extend_from_slice(&second[..length - in_first]);
            self.values.drain(..length);
        }
        if self.entries.is_empty() && self.values.capacity() > KEPT {
            self.values.shrink_to(KEPT);
        }
        Some(entry)
    }

    /// Keeps the entries for which this holds, in their order.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(Entry) -> bool) {
        let mut value = Vec::new();
        for _ in 0..self.entries.len() {
            value.clear();
            if let Some(entry) = self.pop(&mut value)
                && keep(entry)
            {
                self.values.extend(&value);
                self.entries.push_back(entry);
            }
        }
    }

    /// Appends all of another queue.
    pub(super) fn append(&mut self, other: &mut Self) {
        self.entries.append(&mut other.entries);
        self.values.append(&mut other.values);
    }
}

#[cfg(test)]
mod tests {
    use super::super::slots::{Slots, Source};
    use super::*;
    use crate::registry::NodeId;
    use std::sync::Arc;

    fn slots<const N: usize>() -> [SlotId; N] {
        let mut slots = Slots::default();
        std::array::from_fn(|index| {
            let source = Source::new(format!("t:e{index}"), "i".into());
            slots.open(Arc::new(source), NodeId::default())
        })
    }

    fn popped(queue: &mut Queue) -> Vec<(SlotId, Option<String>)> {
        std::iter::from_fn(|| {
            let mut value = Vec::new();
            let entry = queue.pop(&mut value)?;
            let value = entry.impulse.map(|_| String::from_utf8(value).unwrap());
            Some((entry.slot, value))
        })
        .collect()
    }

    #[test]
    fn what_is_pushed_comes_out_in_order_however_the_memory_wraps() {
        let [a, b] = slots();
        let mut queue = Queue::default();
        let mut number = 0;
        for round in 0..50 {
            for _ in 0..round % 7 {
                assert!(queue.push_impulse(a, number.to_string().as_bytes()));
                number += 1;
            }
            queue.push_state(b);
            let first = number - round % 7;
            let mut all: Vec<_> = (first..number)
                .map(|number| (a, Some(number.to_string())))
                .collect();
            all.push((b, None));
            assert_eq!(popped(&mut queue), all);
        }
    }

    #[test]
    fn what_is_not_kept_leaves_with_its_value() {
        let [a, b] = slots();
        let mut queue = Queue::default();
        for (slot, value) in [(a, "1"), (b, "22"), (a, "333"), (b, "4444")] {
            assert!(queue.push_impulse(slot, value.as_bytes()));
        }
        let mut more = Queue::default();
        assert!(more.push_impulse(b, b"5"));
        queue.retain(|entry| entry.slot == b);
        queue.append(&mut more);
        let left = ["22", "4444", "5"].map(|value| (b, Some(value.to_owned())));
        assert_eq!(popped(&mut queue), left);
    }
}
