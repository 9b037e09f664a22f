//! Slots: the place of each emitter of each instance, with the newest value of a state.

use std::sync::Arc;

use rship_core::change::LastValue;
use rship_core::wire::PulseSource;

use crate::registry::NodeId;

/// The place of one emitter of one instance. Places are used again, so an id carries the use it is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SlotId {
    index: u32,
    usage: u32,
}

/// Whose pulses they are.
#[derive(Debug)]
pub(crate) struct Source {
    /// `TARGET:EMITTER`.
    pub(crate) emitter: Box<str>,
    pub(crate) instance: Arc<str>,
    /// Both, ready for the wire.
    pub(crate) wire: PulseSource,
}

impl Source {
    pub(crate) fn new(emitter: String, instance: Arc<str>) -> Self {
        Self {
            wire: PulseSource::new(&emitter, &instance),
            emitter: emitter.into(),
            instance,
        }
    }
}

pub(super) struct Slot {
    usage: u32,
    live: bool,
    pub(super) source: Arc<Source>,
    /// The target it belongs to.
    pub(super) node: NodeId,
    pub(super) newest: LastValue,
    /// Whether the newest value waits to be sent.
    pub(super) queued: bool,
    /// Whether the server of this session was told of the target: no pulse goes out before.
    pub(super) told: bool,
    /// Whether its target is to be told of before others.
    pub(super) demanded: bool,
    /// Impulses that wait.
    pub(super) impulses: u32,
}

#[derive(Default)]
pub(super) struct Slots {
    all: Vec<Slot>,
    free: Vec<u32>,
}

impl Slots {
    pub(super) fn open(&mut self, source: Arc<Source>, node: NodeId) -> SlotId {
        let mut slot = Slot {
            usage: 0,
            live: true,
            source,
            node,
            newest: LastValue::default(),
            queued: false,
            told: false,
            demanded: false,
            impulses: 0,
        };
        if let Some(index) = self.free.pop() {
            let place = &mut self.all[index as usize];
            slot.usage = place.usage.wrapping_add(1);
            let usage = slot.usage;
            *place = slot;
            return SlotId { index, usage };
        }
        let index = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        self.all.push(slot);
        SlotId { index, usage: 0 }
    }

    /// Gives a place back, and returns what was in it.
    pub(super) fn close(&mut self, id: SlotId) -> Option<&mut Slot> {
        self.get(id)?;
        self.free.push(id.index);
        let slot = self.all.get_mut(id.index as usize)?;
        slot.live = false;
        Some(slot)
    }

    /// The place, unless it was given back.
    pub(super) fn get(&mut self, id: SlotId) -> Option<&mut Slot> {
        self.all
            .get_mut(id.index as usize)
            .filter(|slot| slot.live && slot.usage == id.usage)
    }

    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = &mut Slot> {
        self.all.iter_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_was_given_back_is_found_by_its_new_id_alone() {
        let mut slots = Slots::default();
        let source = || Arc::new(Source::new("t:e".to_owned(), "i".into()));
        let old = slots.open(source(), NodeId::default());
        assert!(slots.close(old).is_some());
        assert!(slots.close(old).is_none());
        let new = slots.open(source(), NodeId::default());
        assert_eq!(old.index, new.index);
        assert!(slots.get(old).is_none() && slots.get(new).is_some());
    }
}
