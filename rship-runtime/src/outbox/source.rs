//! Sources: whose pulses they are, with the one last value of each state.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rship_core::change::{LastValue, distance};
use rship_core::descriptor::Pace;
use rship_core::wire::PulseSource;

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
    value: Mutex<Value>,
    /// Whether the newest value has a number that is not finite.
    infinite: AtomicBool,
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
    pub(crate) fn new(emitter: String, instance: Arc<str>, pace: Pace) -> Self {
        Self {
            pace,
            wire: PulseSource::new(&emitter, &instance),
            emitter: emitter.into(),
            instance,
            value: Mutex::default(),
            infinite: AtomicBool::new(false),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_within_the_dead_band_is_no_change_however_it_creeps() {
        let pace = Pace {
            deadband: Some(0.01),
            ..Pace::default()
        };
        let source = Source::new("t:e".to_owned(), "i".into(), pace);
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
        let source = Source::new("t:e".to_owned(), "i".into(), Pace::default());
        let mut out = Vec::new();
        assert!(!source.take_unsent(&mut out), "there is none");
        assert!(source.update(b"1") && !source.update(b"1"));
        assert!(source.take_unsent(&mut out) && !source.take_unsent(&mut out));
        assert!(source.send_again() && source.take_unsent(&mut out));
        assert!(source.update(b"2") && source.take_unsent(&mut out));
        assert_eq!(out, b"112");
        assert_eq!(source.newest().as_deref(), Some(&b"2"[..]));
    }
}
