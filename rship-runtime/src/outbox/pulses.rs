//! Pulses that wait: the place of each emitter of each instance, its source with the one last value, and
//! the queue in the order of publishing. Its memory is used again: steady pulsing allocates nothing.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use rship_core::change::{LastValue, distance};
use rship_core::descriptor::Pace;
use rship_core::wire::PulseSource;

use super::KEPT;
use crate::world;

/// A target of an instance. Numbers only grow, so their order is that of registration: parents first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct TargetNumber(pub(crate) u64);

/// The place of one emitter of one instance. Places are used again, so an id carries the use it is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SlotId {
    pub(super) index: u32,
    pub(super) usage: u32,
}

/// What the server of this session may be sent of an emitter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nothing: its target was not announced.
    Unannounced,
    /// Pulses; nothing of a state waits.
    Announced,
    /// Pulses; the newest value of a state waits.
    Pending,
    /// Pulses; the newest value of a state waits until its emitter may speak again.
    Held,
}

pub(super) struct Slot {
    usage: u32,
    /// `None` while nobody uses the place.
    used: Option<Used>,
}

pub(super) struct Used {
    pub(super) source: Arc<Source>,
    pub(super) target: TargetNumber,
    pub(super) standing: Standing,
    /// When its emitter may speak again, if it is one that must not always speak.
    pub(super) next: Option<Instant>,
    /// Impulses that wait, and their bytes.
    pub(super) impulses: u32,
    pub(super) impulse_bytes: usize,
}

impl Used {
    /// The newest value of a state goes out now.
    pub(super) fn speaks(&mut self) {
        self.standing = Standing::Announced;
        if let Some(interval) = self.source.pace.min_interval {
            self.next = world::now().checked_add(interval);
        }
    }

    /// Whether its emitter has spoken too short a time ago, and when it may speak again.
    pub(super) fn holds_until(&self) -> Option<Instant> {
        self.next.filter(|next| *next > world::now())
    }
}

#[derive(Default)]
pub(super) struct Slots {
    all: Vec<Slot>,
    free: Vec<u32>,
}

impl Slots {
    pub(super) fn open(&mut self, source: Arc<Source>, target: TargetNumber) -> SlotId {
        let used = Used {
            source,
            target,
            standing: Standing::Unannounced,
            next: None,
            impulses: 0,
            impulse_bytes: 0,
        };
        if let Some(index) = self.free.pop() {
            let slot = &mut self.all[index as usize];
            slot.usage += 1;
            slot.used = Some(used);
            let usage = slot.usage;
            return SlotId { index, usage };
        }
        let index = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        self.all.push(Slot {
            usage: 0,
            used: Some(used),
        });
        SlotId { index, usage: 0 }
    }

    /// Gives a place back, and returns what was in it.
    pub(super) fn close(&mut self, id: SlotId) -> Option<Used> {
        self.get(id)?;
        self.free.push(id.index);
        self.all[id.index as usize].used.take()
    }

    /// The place, unless it was given back.
    pub(super) fn get(&mut self, id: SlotId) -> Option<&mut Used> {
        let slot = self.all.get_mut(id.index as usize)?;
        slot.used.as_mut().filter(|_| slot.usage == id.usage)
    }

    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = &mut Used> {
        self.all.iter_mut().filter_map(|slot| slot.used.as_mut())
    }
}

/// One emitter of one instance. The target's own code, the outbox and the session share it.
#[derive(Debug)]
pub(crate) struct Source {
    /// `TARGET:EMITTER`.
    pub(crate) emitter: Box<str>,
    pub(crate) instance: Arc<str>,
    /// Both, ready for the wire.
    pub(crate) wire: PulseSource,
    /// Which of its changes go out.
    pub(super) pace: Pace,
    /// Whether its values are kept over a restart.
    pub(crate) is_kept: bool,
    /// Whether whoever keeps them knows that there is a newer one.
    marked: AtomicBool,
    value: Mutex<Value>,
    /// Whether the newest value has a number that is not finite.
    infinite: AtomicBool,
    /// Whether an impulse went out.
    impulse: AtomicBool,
}

/// The last value of a state: kept once, compared once. No other lock is taken while this one is held.
#[derive(Debug, Default)]
struct Value {
    newest: LastValue,
    /// How often it has changed.
    version: u64,
    /// The version that went to the server of this session.
    sent: u64,
    /// The length of a newer value that was too large; 0 when there is none.
    refused: usize,
}

impl Source {
    pub(crate) fn new(emitter: String, instance: Arc<str>, pace: Pace, is_kept: bool) -> Self {
        Self {
            pace,
            is_kept,
            marked: AtomicBool::new(false),
            wire: PulseSource::new(&emitter, &instance),
            emitter: emitter.into(),
            instance,
            value: Mutex::default(),
            infinite: AtomicBool::new(false),
            impulse: AtomicBool::new(false),
        }
    }

    fn value(&self) -> MutexGuard<'_, Value> {
        self.value.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a value; says whether it differs from the one before, by as much as it has to.
    pub(crate) fn update(&self, json: &[u8]) -> bool {
        let mut value = self.value();
        let changed =
            !is_within(self.pace.deadband, value.newest.json(), json) && value.newest.update(json);
        value.version += u64::from(changed);
        value.refused = 0;
        changed
    }

    /// A value of this length is too large; says whether that is new.
    pub(super) fn refuse(&self, length: usize) -> bool {
        std::mem::replace(&mut self.value().refused, length) != length
    }

    /// Whether the newest value has a number that is not finite; says whether that is so since now.
    pub(crate) fn became_infinite(&self, is: bool) -> bool {
        // Only who holds the tree looks.
        let changed = self.infinite.load(Ordering::Relaxed) != is;
        if changed {
            self.infinite.store(is, Ordering::Relaxed);
        }
        changed && is
    }

    /// Appends the newest value unless the server of this session has it, or there is none; says whether
    /// something was appended.
    pub(super) fn take_unsent(&self, out: &mut Vec<u8>) -> bool {
        let mut value = self.value();
        if value.sent == value.version || value.newest.json().is_empty() {
            return false;
        }
        value.sent = value.version;
        out.extend_from_slice(value.newest.json());
        true
    }

    /// Has the newest value go out once more; `false` when there is none.
    pub(super) fn send_again(&self) -> bool {
        let mut value = self.value();
        value.sent = 0;
        !value.newest.json().is_empty()
    }

    /// The newest value as JSON with its version, if the server of this session was sent it.
    pub(crate) fn settled(&self) -> Option<(u64, Vec<u8>)> {
        let value = self.value();
        let json = value.newest.json();
        let settled = value.sent == value.version && !json.is_empty();
        settled.then(|| (value.version, json.to_vec()))
    }

    /// An impulse goes out now.
    pub(super) fn impulse_went_out(&self) {
        self.impulse.store(true, Ordering::Relaxed);
    }

    /// What a server may have of it, to be deleted there: the newest value, or for impulses, of which none is
    /// kept here, `null`.
    pub(crate) fn stored(&self) -> Option<Vec<u8>> {
        let impulse = self.impulse.load(Ordering::Relaxed);
        self.newest().or_else(|| impulse.then(|| b"null".to_vec()))
    }

    /// Whether a value that differs by less than it must is news to nobody but who keeps it.
    pub(crate) fn has_dead_band(&self) -> bool {
        self.pace.deadband.is_some()
    }

    /// Whether the newest value has a number that is not finite.
    pub(crate) fn is_infinite(&self) -> bool {
        self.infinite.load(Ordering::Relaxed)
    }

    /// Whether it has changed since the first value that it ever had.
    pub(crate) fn has_changed(&self) -> bool {
        self.value().version > 1
    }

    /// Whether the newest value is written like this.
    pub(crate) fn newest_is(&self, json: &[u8]) -> bool {
        self.value().newest.json() == json
    }

    /// Marks that there is a newer value than whoever keeps them has; `false` when that is known, and for the
    /// first value, which a device has of its own.
    pub(crate) fn mark(&self) -> bool {
        !self.marked.load(Ordering::Relaxed)
            && self.has_changed()
            && !self.marked.swap(true, Ordering::AcqRel)
    }

    /// Takes the mark away, before the newest value is looked at.
    pub(crate) fn unmark(&self) {
        self.marked.store(false, Ordering::Release);
    }

    /// The newest value as JSON; `None` when there was none.
    pub(crate) fn newest(&self) -> Option<Vec<u8>> {
        let value = self.value();
        let json = value.newest.json();
        (!json.is_empty()).then(|| json.to_vec())
    }
}

/// Whether two numbers are so near that the second is not worth a pulse.
fn is_within(deadband: Option<f64>, last: &[u8], json: &[u8]) -> bool {
    let Some(deadband) = deadband else {
        return false;
    };
    // 0.29 and 0.28 are 0.01 apart, and a bit less in binary.
    const NEARLY: f64 = 1.0 - 1e-9;
    distance(last, json).is_some_and(|distance| distance < deadband * NEARLY)
}

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

    use super::*;

    #[test]
    fn a_place_that_was_given_back_is_found_by_its_new_id_alone() {
        let mut slots = Slots::default();
        let source = || {
            Arc::new(Source::new(
                "t:e".to_owned(),
                "i".into(),
                Pace::default(),
                false,
            ))
        };
        let old = slots.open(source(), TargetNumber::default());
        assert!(slots.close(old).is_some());
        assert!(slots.close(old).is_none());
        let new = slots.open(source(), TargetNumber::default());
        assert_eq!(old.index, new.index);
        assert!(slots.get(old).is_none() && slots.get(new).is_some());
    }

    #[test]
    fn a_number_within_the_dead_band_is_no_change_however_it_creeps() {
        let pace = Pace {
            deadband: Some(0.01),
            ..Pace::default()
        };
        let source = Source::new("t:e".to_owned(), "i".into(), pace, false);
        for (json, changes) in [
            ("0.28", true),
            ("0.285", false),
            ("0.2899", false),
            ("0.29", true),
            ("null", true),
            ("null", false),
            ("0.29", true),
        ] {
            assert_eq!(source.update(json.as_bytes()), changes, "{json}");
        }
    }

    #[test]
    fn a_value_goes_to_a_server_once_until_it_changes_or_is_asked_for() {
        let source = Source::new("t:e".to_owned(), "i".into(), Pace::default(), false);
        let mut out = Vec::new();
        assert!(!source.take_unsent(&mut out), "there is none");
        assert!(source.update(b"1") && !source.update(b"1"));
        assert!(source.take_unsent(&mut out) && !source.take_unsent(&mut out));
        assert!(source.send_again() && source.take_unsent(&mut out));
        assert!(source.update(b"2") && source.take_unsent(&mut out));
        assert_eq!(out, b"112");
        assert_eq!(source.newest().as_deref(), Some(&b"2"[..]));
    }

    fn slots<const N: usize>() -> [SlotId; N] {
        let mut slots = Slots::default();
        std::array::from_fn(|index| {
            let source = Source::new(format!("t:e{index}"), "i".into(), Pace::default(), false);
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
