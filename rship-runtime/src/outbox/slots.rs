//! Slots: the place of each emitter of each instance in the outbox.

use std::sync::Arc;
use std::time::Instant;

use super::source::Source;

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
            self.next = Instant::now().checked_add(interval);
        }
    }

    /// Whether its emitter has spoken too short a time ago, and when it may speak again.
    pub(super) fn holds_until(&self) -> Option<Instant> {
        self.next.filter(|next| *next > Instant::now())
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

#[cfg(test)]
mod tests {
    use rship_core::descriptor::Pace;

    use super::*;

    #[test]
    fn a_place_that_was_given_back_is_found_by_its_new_id_alone() {
        let mut slots = Slots::default();
        let source = || Arc::new(Source::new("t:e".to_owned(), "i".into(), Pace::default()));
        let old = slots.open(source(), TargetNumber::default());
        assert!(slots.close(old).is_some());
        assert!(slots.close(old).is_none());
        let new = slots.open(source(), TargetNumber::default());
        assert_eq!(old.index, new.index);
        assert!(slots.get(old).is_none() && slots.get(new).is_some());
    }
}
