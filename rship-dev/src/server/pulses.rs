//! Pulses that come in great number: a value takes the place of the one before it.

use rship_core::wire::Generation;

use super::state::State;
use crate::reading::plain::Pulse;
use crate::store::{ClientNo, weight_of};

impl State {
    /// Takes the pulses of a frame in which nothing is wrong.
    pub(crate) fn pulses(&mut self, from: ClientNo, pulses: &[Pulse<'_>]) {
        // A frame may still be on its way through the reader when its connection is thrown out.
        let Some(client) = self.clients.get(&from) else {
            return;
        };
        let stamp = (self.generation == Generation::V2026).then(|| client.id.clone());
        for pulse in pulses {
            if !self.overwrite(from, pulse, stamp.as_deref()) {
                self.set(from, "Pulse", pulse.id, pulse.fields());
            }
        }
    }

    /// Puts a value in the place of the one before it, if that is all there is to do.
    fn overwrite(&mut self, from: ClientNo, pulse: &Pulse<'_>, stamp: Option<&str>) -> bool {
        // A follower is told whether it is another value.
        if self.followed.has("Pulse") {
            return false;
        }
        let hash = match self.generation {
            Generation::V2026 => None,
            Generation::V2023 | Generation::V2024 => pulse.hash,
        };
        if hash.is_some() {
            let old = self.store.get("Pulse", pulse.id);
            if old.is_some_and(|old| Some(&*old.hash()) == hash) {
                return false;
            }
        }
        self.tell_before_pulse(pulse.id);
        let weight = weight_of(pulse.id, pulse.length(stamp));
        let most = self.limits.store;
        let Some(entry) = self.store.replaceable("Pulse", pulse.id, weight, most) else {
            return false;
        };
        entry.replace(pulse, stamp, from, hash);
        self.looks
            .pulse(from, pulse.id, pulse.emitter_id, &pulse.data);
        self.tell_later("Pulse", pulse.id);
        true
    }
}

#[cfg(test)]
#[path = "pulses_tests.rs"]
mod tests;
