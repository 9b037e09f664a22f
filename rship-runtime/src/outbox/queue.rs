//! Pulses in the order of publishing, in memory that is used again: steady pulsing allocates nothing.

use super::KEPT;
use super::slots::SlotId;

/// One pulse that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) slot: SlotId,
    /// The length of an impulse's value; a state's is that of its source when it is taken.
    pub(super) impulse: Option<u32>,
}

/// Filled by publishers, then swapped as a whole for an empty one and read by the session.
#[derive(Default)]
pub(super) struct Queue {
    entries: Vec<Entry>,
    /// The values of the impulses, one after the other.
    values: Vec<u8>,
    /// How many entries, and bytes of their values, were read.
    read: usize,
    read_bytes: usize,
}

impl Queue {
    pub(super) fn is_empty(&self) -> bool {
        self.read == self.entries.len()
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len() - self.read
    }

    pub(super) fn push_state(&mut self, slot: SlotId) {
        self.entries.push(Entry {
            slot,
            impulse: None,
        });
    }

    /// `false` when the value is larger than any frame can be.
    pub(super) fn push_impulse(&mut self, slot: SlotId, json: &[u8]) -> bool {
        let Ok(length) = u32::try_from(json.len()) else {
            return false;
        };
        self.values.extend_from_slice(json);
        self.entries.push(Entry {
            slot,
            impulse: Some(length),
        });
        true
    }

    /// The next entry, with where its value begins.
    pub(super) fn next(&mut self) -> Option<(Entry, usize)> {
        let entry = *self.entries.get(self.read)?;
        let start = self.read_bytes;
        self.read += 1;
        self.read_bytes += entry.impulse.unwrap_or(0) as usize;
        Some((entry, start))
    }

    /// A value, by where it begins and its length.
    pub(super) fn value(&self, start: usize, length: usize) -> &[u8] {
        &self.values[start..start + length]
    }

    /// Forgets what was read, when that was all; memory beyond what is usual is given back.
    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.values.clear();
        self.entries.shrink_to(KEPT / size_of::<Entry>());
        self.values.shrink_to(KEPT);
        self.read = 0;
        self.read_bytes = 0;
    }

    /// Hands over what was not read, in its order.
    pub(super) fn drain(&mut self, mut take: impl FnMut(Entry, &[u8])) {
        while let Some((entry, start)) = self.next() {
            let length = entry.impulse.unwrap_or(0) as usize;
            take(entry, &self.values[start..start + length]);
        }
        self.clear();
    }

    /// Keeps the entries for which this holds, in their order.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(Entry) -> bool) {
        let mut kept = Self::default();
        self.drain(|entry, value| {
            if keep(entry) {
                kept.entries.push(entry);
                kept.values.extend_from_slice(value);
            }
        });
        *self = kept;
    }
}

#[cfg(test)]
mod tests {
    use rship_core::descriptor::Pace;

    use super::super::slots::{Slots, TargetNumber};
    use super::super::source::Source;
    use super::*;
    use std::sync::Arc;

    fn slots<const N: usize>() -> [SlotId; N] {
        let mut slots = Slots::default();
        std::array::from_fn(|index| {
            let source = Source::new(format!("t:e{index}"), "i".into(), Pace::default());
            slots.open(Arc::new(source), TargetNumber::default())
        })
    }

    fn drained(queue: &mut Queue) -> Vec<(SlotId, Option<String>)> {
        let mut all = Vec::new();
        queue.drain(|entry, value| {
            let value = entry
                .impulse
                .map(|_| String::from_utf8(value.to_vec()).unwrap());
            all.push((entry.slot, value));
        });
        all
    }

    #[test]
    fn what_is_pushed_comes_out_in_order_also_when_some_was_read() {
        let [a, b] = slots();
        let mut queue = Queue::default();
        for number in 0..5 {
            assert!(queue.push_impulse(a, number.to_string().as_bytes()));
        }
        queue.push_state(b);
        let (entry, start) = queue.next().unwrap();
        assert_eq!((entry.slot, queue.value(start, 1)), (a, &b"0"[..]));
        assert_eq!(queue.len(), 5);
        let mut left: Vec<_> = (1..5).map(|number| (a, Some(number.to_string()))).collect();
        left.push((b, None));
        assert_eq!(drained(&mut queue), left);
        assert!(queue.is_empty());
    }

    #[test]
    fn what_is_not_kept_leaves_with_its_value() {
        let [a, b] = slots();
        let mut queue = Queue::default();
        for (slot, value) in [(a, "1"), (b, "22"), (a, "333"), (b, "4444")] {
            assert!(queue.push_impulse(slot, value.as_bytes()));
        }
        queue.retain(|entry| entry.slot == b);
        let left = ["22", "4444"].map(|value| (b, Some(value.to_owned())));
        assert_eq!(drained(&mut queue), left);
    }

    #[test]
    fn memory_of_a_burst_is_given_back() {
        let [a] = slots();
        let mut queue = Queue::default();
        for _ in 0..100 {
            assert!(queue.push_impulse(a, &[b'1'; KEPT / 10]));
        }
        queue.drain(|_, _| {});
        assert!(queue.values.capacity() <= KEPT);
    }
}
