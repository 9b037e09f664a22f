//! Impulse emitters: values that happen, as opposed to fields whose state is watched.

use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use serde::Serialize;

use crate::finite;

/// What became of a published value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Published {
    /// Handed to a live session; nothing was waiting before it.
    Sent,
    /// A state: kept as the newest value of its emitter until the server can take it.
    Kept,
    /// An impulse: waiting in the bounded queue, or in the emitter until its target is part of an executor.
    Queued,
    /// An impulse: the queue was full, so it was dropped and counted; or too much waits in the emitter of a
    /// target that is not part of an executor yet.
    Dropped,
    /// The emitter's target is not part of an executor any more, so nobody was told.
    Detached,
    /// The value is larger than the executor's message limit, so nobody was told; it is counted.
    TooLarge,
    /// The value could not be written as JSON, so nobody was told; the log says why.
    Unserializable,
}

/// Where an emitter's pulses go once its target is part of an executor.
pub trait PulseSink: Send + Sync {
    /// Takes one value, already written as JSON. Never blocks for longer than a short lock.
    fn pulse(&self, json: &[u8]) -> Published;

    /// Says that the value that comes has a number which is NaN or infinite, and null in its JSON.
    fn not_finite(&self);

    /// Says that a value could not be written as JSON.
    fn refuse(&self, error: &serde_json::Error);
}

/// An emitter of impulses: one pulse for each thing that happens, none for a state that stays.
///
/// `#[emitter]` on a field of this type makes it an emitter of its target. Clones pulse as the same
/// emitter, so a device's own loop can hold one.
///
/// What is pulsed before the target is part of an executor waits in the emitter, 64 pulses and 64 KiB at
/// most, and is told once it is: a new member of an array may be pushed, and pulsed at once. After the target
/// was removed, [`pulse`](Emitter::pulse) does nothing.
///
/// ```
/// # extern crate rship_core as rship_runtime;
/// use rship_runtime::{Emitter, Published};
///
/// let sold = Emitter::<u32>::default();
/// assert_eq!(sold.pulse(3), Published::Queued);
/// ```
pub struct Emitter<T> {
    slot: Arc<RwLock<Slot>>,
    value: PhantomData<fn(T)>,
}

/// Pulses that one emitter keeps until its target is part of an executor.
const EARLY: usize = 64;

/// What those come to at most, in bytes.
const EARLY_BYTES: usize = 64 << 10;

enum Slot {
    /// What was pulsed before anybody could be told.
    Early(Early),
    Attached(Arc<dyn PulseSink>),
}

/// Values as JSON, one after the other.
#[derive(Default)]
struct Early {
    json: Vec<u8>,
    /// Where each ends, and whether its numbers are finite.
    ends: Vec<(usize, bool)>,
}

impl Early {
    fn keep(&mut self, json: &[u8], is_finite: bool) -> Published {
        if self.ends.len() >= EARLY || self.json.len() + json.len() > EARLY_BYTES {
            return Published::Dropped;
        }
        self.json.extend_from_slice(json);
        self.ends.push((self.json.len(), is_finite));
        Published::Queued
    }

    fn tell(&self, sink: &dyn PulseSink) {
        let mut start = 0;
        for &(end, is_finite) in &self.ends {
            tell(sink, Ok(is_finite), &self.json[start..end]);
            start = end;
        }
    }
}

impl<T: Serialize> Emitter<T> {
    /// Publishes one impulse and says what became of it. Callable from anywhere; never blocks.
    pub fn pulse(&self, value: T) -> Published {
        crate::change::with_scratch(|json| {
            let written =
                finite::write(&value, json).map(|has_null| !has_null || finite::is_finite(&value));
            if let Slot::Attached(sink) = &*self.read() {
                return tell(&**sink, written, json);
            }
            let mut slot = self.write();
            match (&mut *slot, written) {
                (Slot::Early(early), Ok(is_finite)) => early.keep(json, is_finite),
                (Slot::Early(_), Err(_)) => Published::Unserializable,
                (Slot::Attached(sink), written) => {
                    let sink = Arc::clone(sink);
                    drop(slot);
                    tell(&*sink, written, json)
                }
            }
        })
    }
}

impl<T> Emitter<T> {
    /// Whether pulses go anywhere: the target is part of an executor.
    #[must_use]
    pub fn is_attached(&self) -> bool {
        matches!(&*self.read(), Slot::Attached(_))
    }

    fn read(&self) -> RwLockReadGuard<'_, Slot> {
        self.slot.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Slot> {
        self.slot.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends what waits and all further pulses to `sink`; cheap when it is the one already attached, because
    /// the runtime calls it after every change (the user may have replaced the whole struct).
    pub fn attach(&self, sink: &Arc<dyn PulseSink>) {
        if matches!(&*self.read(), Slot::Attached(now) if Arc::ptr_eq(now, sink)) {
            return;
        }
        loop {
            let early = match &mut *self.write() {
                Slot::Early(early) if !early.ends.is_empty() => std::mem::take(early),
                slot => {
                    *slot = Slot::Attached(Arc::clone(sink));
                    return;
                }
            };
            // Outside the lock, because a sink may speak to the log, and whoever keeps that may pulse.
            // What comes meanwhile waits behind it.
            early.tell(&**sink);
        }
    }
}

/// Tells of a value that was written, by whether its numbers are finite, or could not be.
fn tell(sink: &dyn PulseSink, written: Result<bool, serde_json::Error>, json: &[u8]) -> Published {
    match written {
        Ok(is_finite) => {
            if !is_finite {
                sink.not_finite();
            }
            sink.pulse(json)
        }
        Err(error) => {
            sink.refuse(&error);
            Published::Unserializable
        }
    }
}

impl<T> Default for Emitter<T> {
    fn default() -> Self {
        Self {
            slot: Arc::new(RwLock::new(Slot::Early(Early::default()))),
            value: PhantomData,
        }
    }
}

impl<T> Clone for Emitter<T> {
    fn clone(&self) -> Self {
        Self {
            slot: Arc::clone(&self.slot),
            value: PhantomData,
        }
    }
}

impl<T> fmt::Debug for Emitter<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emitter")
            .field("attached", &self.is_attached())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[derive(Default)]
    struct Record(Mutex<Vec<String>>);

    impl PulseSink for Record {
        fn pulse(&self, json: &[u8]) -> Published {
            let text = String::from_utf8(json.to_vec()).unwrap();
            self.0.lock().unwrap().push(text);
            Published::Sent
        }

        fn not_finite(&self) {
            self.0.lock().unwrap().push("not finite".to_owned());
        }

        fn refuse(&self, error: &serde_json::Error) {
            self.0.lock().unwrap().push(error.to_string());
        }
    }

    #[test]
    fn pulses_before_the_target_is_added_are_told_in_order_when_it_is() {
        let record = Arc::new(Record::default());
        let emitter = Emitter::default();
        for number in 1..=3 {
            assert_eq!(emitter.pulse(number), Published::Queued);
        }
        let sink: Arc<dyn PulseSink> = record.clone();
        emitter.attach(&sink);
        assert_eq!(emitter.pulse(4), Published::Sent);
        assert_eq!(*record.0.lock().unwrap(), ["1", "2", "3", "4"]);
    }

    #[test]
    fn what_waits_in_an_emitter_is_bounded_in_number_and_in_bytes() {
        let emitter = Emitter::default();
        let kept = (0..1000).filter(|number| emitter.pulse(*number) == Published::Queued);
        assert_eq!(kept.count(), EARLY);
        let emitter = Emitter::default();
        assert_eq!(emitter.pulse("x".repeat(EARLY_BYTES)), Published::Dropped);
        assert_eq!(emitter.pulse("x".to_owned()), Published::Queued);
    }

    #[test]
    fn clones_made_before_attaching_pulse_as_the_same_emitter() {
        let record = Arc::new(Record::default());
        let emitter = Emitter::<u8>::default();
        let clone = emitter.clone();
        let sink: Arc<dyn PulseSink> = record.clone();
        emitter.attach(&sink);
        assert_eq!(clone.pulse(7), Published::Sent);
        assert_eq!(*record.0.lock().unwrap(), ["7"]);
    }

    #[test]
    fn a_number_that_json_cannot_hold_is_said_and_a_null_is_not() {
        let record = Arc::new(Record::default());
        let emitter = Emitter::default();
        let sink: Arc<dyn PulseSink> = record.clone();
        emitter.attach(&sink);
        emitter.pulse(None);
        emitter.pulse(Some(f64::INFINITY));
        assert_eq!(*record.0.lock().unwrap(), ["null", "not finite", "null"]);
    }

    #[test]
    fn it_is_said_of_one_that_waited_when_it_is_told() {
        let record = Arc::new(Record::default());
        let emitter = Emitter::default();
        emitter.pulse(1.0);
        emitter.pulse(f64::NAN);
        let sink: Arc<dyn PulseSink> = record.clone();
        emitter.attach(&sink);
        assert_eq!(*record.0.lock().unwrap(), ["1.0", "not finite", "null"]);
    }

    #[test]
    fn a_value_that_json_cannot_hold_is_refused_and_said() {
        let record = Arc::new(Record::default());
        let emitter = Emitter::default();
        let sink: Arc<dyn PulseSink> = record.clone();
        emitter.attach(&sink);
        let no_text_keys = std::collections::BTreeMap::from([(vec![1], 1)]);
        assert_eq!(emitter.pulse(no_text_keys), Published::Unserializable);
        assert_eq!(record.0.lock().unwrap().len(), 1);
    }
}
