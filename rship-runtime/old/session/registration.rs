//! Registration: all there is to tell at the beginning of a session, a part at a time, so that what
//! changes meanwhile need not wait for all of it.

use rship_core::wire::FRAME_LIMIT;

use super::teller::Teller;
use crate::items::ItemKey;
use crate::outbox::{Batch, Outbox};
use crate::registry::NodeId;

/// How far the telling has come.
#[derive(Default)]
pub(super) struct Registration {
    instances: bool,
    /// All targets up to this one were told, and some after it that had something to say.
    targets: NodeId,
    item: Option<ItemKey>,
    /// Whether all that is not told as news was told.
    rest: bool,
    /// The most bytes that a target came to.
    largest: usize,
}

impl Registration {
    /// Tells the next part, about a frame's worth: instances, then targets, parents before children.
    /// Those that have something to say are told before the others.
    pub(super) fn tell(&mut self, teller: &mut Teller<'_>, outbox: &Outbox, batch: &mut Batch) {
        if !self.instances {
            self.instances = true;
            teller.instances();
        }
        let limit = teller.frames.size() + FRAME_LIMIT;
        // As much as fills a frame, and no rest that needs another.
        while teller.frames.size() + self.largest < limit {
            let Some(node) = outbox.demanded() else { break };
            for node in teller.registry.line(node) {
                self.tell_target(teller, node, outbox, batch);
            }
        }
        while teller.frames.size() + self.largest < limit {
            let Some(node) = teller.registry.after(self.targets) else {
                break;
            };
            self.tell_target(teller, node, outbox, batch);
            self.targets = node;
        }
        while !self.rest && teller.frames.size() < limit {
            match teller.item_after(self.item.as_ref()) {
                Some(item) => self.item = Some(item),
                None => {
                    teller.queries();
                    outbox.asked_all();
                    self.rest = true;
                }
            }
        }
        if self.rest && teller.registry.after(self.targets).is_none() {
            outbox.registered();
        }
    }

    /// Tells a target, unless that was done; its pulses may follow.
    fn tell_target(
        &mut self,
        teller: &mut Teller<'_>,
        node: NodeId,
        outbox: &Outbox,
        batch: &mut Batch,
    ) {
        if !teller.registry.tell(node) {
            return;
        }
        let before = teller.frames.size();
        teller.target(node);
        // One that needs frames of its own is no measure for the others.
        let size = (teller.frames.size() - before).min(FRAME_LIMIT / 2);
        self.largest = self.largest.max(size);
        if let Some(node) = teller.registry.node(node) {
            outbox.told(&node.slots, batch);
        }
    }
}
