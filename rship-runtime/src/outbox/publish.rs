//! Publishing: pulses of the targets' emitters on their way into the outbox.

use std::sync::Arc;

use rship_core::Published;

use super::phase::Phase;
use super::pulses::Standing;
use super::{Outbox, SlotId, Source, State, TargetNumber};
use crate::journal::Topic;
use crate::mistake::Mistake;
use crate::world;

impl Outbox {
    /// A place for an emitter of a target.
    pub(crate) fn open(&self, source: Arc<Source>, target: TargetNumber) -> SlotId {
        self.locked().slots.open(source, target)
    }

    /// Gives places back, with all that waits in them; impulses that did not go out are counted.
    pub(crate) fn close(&self, slots: &[SlotId]) {
        let mut state = self.locked();
        let (mut waiting, mut dropped) = (false, 0);
        for id in slots {
            if let Some(used) = state.slots.close(*id) {
                dropped += u64::from(used.impulses);
                waiting |= used.impulses > 0 || used.standing == Standing::Pending;
                state.paced.let_go(*id, &used);
                state.early.remove(&used.target);
                state.impulses.count -= used.impulses as usize;
                state.impulses.bytes -= used.impulse_bytes;
            }
        }
        if waiting {
            let State { pulses, slots, .. } = &mut *state;
            pulses.retain(|entry| slots.get(entry.slot).is_some());
        }
        self.counters.impulses_dropped.add(dropped);
    }

    /// Keeps a value of a state if it is written differently than the one before; `None` when it is not.
    pub(crate) fn state(&self, id: SlotId, source: &Source, json: &[u8]) -> Option<Published> {
        if json.len() > self.limits.message {
            return source.refuse(json.len()).then(|| {
                self.refuse(&source.emitter, json.len());
                Published::TooLarge
            });
        }
        source.update(json).then(|| match self.witness.get() {
            Some(witness) => {
                witness(&source.emitter, json);
                Published::Sent
            }
            None => self.state_changed(id),
        })
    }

    fn state_changed(&self, id: SlotId) -> Published {
        let mut state = self.locked();
        let State {
            phase,
            slots,
            pulses,
            urgent,
            paced,
            ..
        } = &mut *state;
        if matches!(phase, Phase::Ended) {
            return Published::Detached;
        }
        let Some(used) = slots.get(id) else {
            return Published::Detached;
        };
        match used.standing {
            Standing::Announced
                if let Some(next) = used.holds_until()
                    && !paced.is_over() =>
            {
                used.standing = Standing::Held;
                if paced.hold(id, next) {
                    drop(state);
                    self.pace.notify_one();
                }
                Published::Kept
            }
            Standing::Pending | Standing::Held => {
                self.counters.states_coalesced.add(1);
                Published::Kept
            }
            Standing::Announced => {
                used.standing = Standing::Pending;
                let first = pulses.is_empty();
                pulses.push_state(id);
                self.wake(state);
                if first {
                    Published::Sent
                } else {
                    Published::Kept
                }
            }
            Standing::Unannounced => {
                if phase.link().is_some() {
                    urgent.push(used.target);
                    self.wake(state);
                }
                Published::Kept
            }
        }
    }

    /// Queues the newest value of a state once more; `false` when it has none.
    pub(crate) fn resend(&self, id: SlotId) -> bool {
        let mut state = self.locked();
        let State { slots, pulses, .. } = &mut *state;
        let Some(used) = slots.get(id) else {
            return false;
        };
        if !used.source.send_again() {
            return false;
        }
        if used.standing == Standing::Announced {
            used.standing = Standing::Pending;
            pulses.push_state(id);
            self.wake(state);
        }
        true
    }

    /// Queues an impulse, if there is room.
    pub(crate) fn impulse(&self, id: SlotId, source: &Source, json: &[u8]) -> Published {
        if json.len() > self.limits.message {
            self.refuse(&source.emitter, json.len());
            return Published::TooLarge;
        }
        if let Some(witness) = self.witness.get() {
            witness(&source.emitter, json);
            return Published::Sent;
        }
        let mut state = self.locked();
        let State {
            phase,
            slots,
            pulses,
            early,
            urgent,
            impulses,
            ..
        } = &mut *state;
        if matches!(phase, Phase::Ended) {
            return Published::Detached;
        }
        let Some(used) = slots.get(id) else {
            return Published::Detached;
        };
        let bytes = impulses.bytes + json.len();
        let full = (impulses.count >= self.limits.impulses || bytes > self.limits.impulse_bytes)
            && !world::makes(Mistake::KnowsNoBound);
        let announced = used.standing != Standing::Unannounced;
        let first = announced && pulses.is_empty();
        let pushed = !full
            && if announced {
                pulses.push_impulse(id, json)
            } else {
                let waiting = early.entry(used.target);
                if waiting.is_empty() && phase.link().is_some() {
                    urgent.push(used.target);
                }
                waiting.push_impulse(id, json)
            };
        if !pushed {
            // Whoever keeps the log may publish, too.
            drop(state);
            if !world::makes(Mistake::CountsNoDrops) {
                self.counters.impulses_dropped.add(1);
            }
            self.journal.warn(Topic::ImpulseDropped, || {
                format!(
                    "the queue of impulses (`impulse_queue`) is full: one of emitter `{}` is dropped",
                    source.emitter
                )
            });
            return Published::Dropped;
        }
        used.impulses += 1;
        used.impulse_bytes += json.len();
        impulses.count += 1;
        impulses.bytes = bytes;
        self.wake(state);
        if first {
            Published::Sent
        } else {
            Published::Queued
        }
    }

    fn refuse(&self, emitter: &str, length: usize) {
        self.counters.values_refused.add(1);
        self.journal.warn(Topic::ValueRefused, || {
            format!(
                "emitter `{emitter}`: a value of {length} bytes is not sent, because the message limit is \
                 {} bytes: publish less, or raise `message_limit` as far as the server takes",
                self.limits.message
            )
        });
    }
}
