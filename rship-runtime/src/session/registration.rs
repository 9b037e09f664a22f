//! Registration: all there is to tell at the beginning of a session, a part at a time, so that what
//! changes meanwhile need not wait for all of it.

use std::sync::Arc;
use std::time::Instant;

use rship_core::wire::{FRAME_LIMIT, Generation};

use super::announce::Announcer;
use crate::mistake::Mistake;
use crate::outbox::{Hold, ItemKey, Outbox, Round, TargetNumber};
use crate::target::Reference;
use crate::world;

/// How far the telling has come.
#[derive(Default)]
pub(super) struct Registration {
    instances: bool,
    /// All targets up to this one were looked at, and some after it that had something to say.
    targets: TargetNumber,
    /// Targets that have to stay away for a while, because their deletion is on its way, or their saved
    /// values are.
    held: Vec<TargetNumber>,
    item: Option<ItemKey>,
    items: bool,
    /// The most bytes that a target came to.
    largest: usize,
}

/// What is left to announce.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    Nothing,
    /// Something, now.
    More,
    /// Something, when the server has read a deletion, or at this time.
    Held(Option<Instant>),
}

impl Registration {
    /// Tells the next part, about a frame's worth: instances, then targets, parents before children.
    /// Those that have something to say are announced before the others.
    pub(super) fn step(
        &mut self,
        announcer: &mut Announcer<'_>,
        outbox: &Outbox,
        round: &mut Round,
    ) -> Progress {
        if !self.instances {
            self.instances = true;
            announcer.instances();
        }
        let limit = announcer.frames.size() + FRAME_LIMIT;
        // As much as fills a frame, and no rest that needs another.
        while announcer.frames.size() + self.largest < limit {
            let Some(number) = outbox.urgent() else { break };
            for target in announcer.targets.line(number) {
                if !self.announce(announcer, &target, outbox, round) {
                    break;
                }
            }
        }
        let wait = self.release(announcer, outbox, round);
        while announcer.frames.size() + self.largest < limit {
            let Some(target) = announcer.targets.after(self.targets).cloned() else {
                break;
            };
            self.announce(announcer, &target, outbox, round);
            self.targets = target.number;
        }
        while !self.items && announcer.frames.size() < limit {
            match announcer.item_after(self.item.as_ref()) {
                Some(item) => self.item = Some(item),
                None => self.items = true,
            }
        }
        if !self.items || announcer.targets.after(self.targets).is_some() {
            return Progress::More;
        }
        if !self.held.is_empty() {
            return Progress::Held(wait);
        }
        outbox.registered();
        Progress::Nothing
    }

    /// Announces those that may come again, with all below them; returns when to look again.
    fn release(
        &mut self,
        announcer: &mut Announcer<'_>,
        outbox: &Outbox,
        round: &mut Round,
    ) -> Option<Instant> {
        let mut wait: Option<Instant> = None;
        for number in std::mem::take(&mut self.held) {
            let Some(target) = announcer.targets.get(number).cloned() else {
                continue;
            };
            match hold(announcer, &target, outbox) {
                None => {
                    for below in announcer.targets.subtree(number) {
                        if let Some(below) = announcer.targets.get(below).cloned() {
                            self.announce(announcer, &below, outbox, round);
                        }
                    }
                }
                Some(hold) => {
                    if let Hold::Until(until) = hold {
                        wait = Some(wait.map_or(until, |wait| wait.min(until)));
                    }
                    self.held.push(number);
                }
            }
        }
        wait
    }

    /// Announces a target, unless that was done; its pulses may follow. `false` when it has to wait.
    fn announce(
        &mut self,
        announcer: &mut Announcer<'_>,
        target: &Arc<Reference>,
        outbox: &Outbox,
        round: &mut Round,
    ) -> bool {
        let targets = &announcer.targets;
        if targets.is_announced(target) {
            return true;
        }
        let parent = target.parent.and_then(|parent| targets.get(parent));
        if parent.is_some_and(|parent| !targets.is_announced(parent)) {
            // It is announced with its parent.
            return false;
        }
        if hold(announcer, target, outbox).is_some() {
            if !self.held.contains(&target.number) {
                self.held.push(target.number);
            }
            return false;
        }
        targets.announce(target);
        if world::makes(Mistake::ChildrenFirst) {
            for below in targets.subtree(target.number).into_iter().skip(1) {
                if let Some(below) = announcer.targets.get(below).cloned() {
                    announcer.target(&below);
                }
            }
        }
        let before = announcer.frames.size();
        announcer.target(target);
        // One that needs frames of its own is no measure for the others.
        let size = (announcer.frames.size() - before).min(FRAME_LIMIT / 2);
        self.largest = self.largest.max(size);
        outbox.announce(target.number, &target.slots, round);
        true
    }
}

/// For how long a target has to stay away, if it has to.
fn hold(announcer: &Announcer<'_>, target: &Reference, outbox: &Outbox) -> Option<Hold> {
    if target.is_restoring() {
        return Some(Hold::Restoring);
    }
    // Only 2026 servers gather what they are told.
    let gathers = announcer.writer.generation() == Generation::V2026;
    outbox.hold(&target.key()).filter(|_| gathers)
}
