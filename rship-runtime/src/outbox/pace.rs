//! Pace: states whose emitters must not speak more often than they were told to. Their newest value waits
//! here until it is time, and goes the way of all others then.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::time::Instant;

use super::pulses::{Standing, Used};
use super::{Outbox, SlotId, State};
use crate::world;

/// The states that are held, by when they go on; one entry for each slot that is `Held`.
#[derive(Default)]
pub(super) struct Paced {
    held: BTreeSet<(Instant, SlotId)>,
    /// Whether nothing is held any more, because the executor says goodbye.
    over: bool,
}

impl Paced {
    pub(super) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    /// Holds a state; says whether it is the one that goes on first.
    pub(super) fn hold(&mut self, slot: SlotId, until: Instant) -> bool {
        self.held.insert((until, slot));
        self.held.first() == Some(&(until, slot))
    }

    /// Forgets that a state is held, if it is.
    pub(super) fn let_go(&mut self, slot: SlotId, used: &Used) {
        if used.standing == Standing::Held
            && let Some(until) = used.next
        {
            self.held.remove(&(until, slot));
        }
    }

    /// Forgets all: their slots are no longer `Held`.
    pub(super) fn clear(&mut self) {
        self.held.clear();
    }
}

impl Outbox {
    /// Has states go on when it is time; runs until it is dropped.
    pub(crate) async fn keep_pace(&self) -> Infallible {
        loop {
            let next = self.go_on(Some(world::now()));
            let woken = self.pace.notified();
            match next {
                Some(next) => {
                    tokio::select! {
                        biased;
                        () = tokio::time::sleep_until(next.into()) => {}
                        () = woken => {}
                    }
                }
                None => woken.await,
            }
        }
    }

    /// Has all go on that is held, and holds nothing any more: these are the last values.
    pub(crate) fn end_pace(&self) {
        self.locked().paced.over = true;
        self.go_on(None);
    }

    /// Has go on what is held until a time, or all; says when the next one does.
    fn go_on(&self, until: Option<Instant>) -> Option<Instant> {
        let mut state = self.locked();
        let State {
            slots,
            pulses,
            paced,
            ..
        } = &mut *state;
        let mut any = false;
        while let Some((at, slot)) = paced.held.first().copied() {
            if until.is_some_and(|until| at > until) {
                break;
            }
            paced.held.pop_first();
            if let Some(used) = slots
                .get(slot)
                .filter(|used| used.standing == Standing::Held)
            {
                used.standing = Standing::Pending;
                pulses.push_state(slot);
                any = true;
            }
        }
        let next = paced.held.first().map(|(at, _)| *at);
        if any {
            self.wake(state);
        }
        next
    }
}
