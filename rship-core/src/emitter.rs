//! Impulse emitters: values that happen, as opposed to fields whose state is watched.

use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, PoisonError, RwLock};

use serde::Serialize;

use crate::finite;

/// What became of a published value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Published {
    /// Handed to a live session; nothing was waiting before it.
    Sent,
    /// A state: kept as the newest value of its emitter until the server can take it.
    Kept,
    /// An impulse: waiting in the bounded queue.
    Queued,
    /// An impulse: the queue was full, so it was dropped and counted.
    Dropped,
    /// The emitter's target is not part of an executor (yet, or any more), so nobody was told.
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
/// emitter, so a device's own loop can hold one. Before the target is added to an executor, and after
/// it was removed, [`pulse`](Emitter::pulse) does nothing.
///
/// ```
/// # extern crate rship_core as rship_runtime;
/// use rship_runtime::{Emitter, Published};
///
/// let sold = Emitter::<u32>::default();
/// assert_eq!(sold.pulse(3), Published::Detached);
/// ```
pub struct Emitter<T> {
    slot: Arc<RwLock<Option<Arc<dyn PulseSink>>>>,
    value: PhantomData<fn(T)>,
}

impl<T: Serialize> Emitter<T> {
    /// Publishes one impulse and says what became of it. Callable from anywhere; never blocks.
    pub fn pulse(&self, value: T) -> Published {
        let slot = self.slot.read().unwrap_or_else(PoisonError::into_inner);
        let Some(sink) = slot.as_deref() else {
            return Published::Detached;
        };
        crate::change::with_scratch(|json| match finite::write(&value, json) {
            Ok(has_null) => {
                if has_null && !finite::is_finite(&value) {
                    sink.not_finite();
                }
                sink.pulse(json)
            }
            Err(error) => {
                sink.refuse(&error);
                Published::Unserializable
            }
        })
    }
}

impl<T> Emitter<T> {
    /// Whether pulses go anywhere: the target is part of an executor.
    #[must_use]
    pub fn is_attached(&self) -> bool {
        self.slot
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .is_some()
    }

    /// Sends all further pulses to `sink`; cheap when it is the one already attached, because the
    /// runtime calls it after every change (the user may have replaced the whole struct).
    pub fn attach(&self, sink: &Arc<dyn PulseSink>) {
        let same = self
            .slot
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .as_ref()
            .is_some_and(|now| Arc::ptr_eq(now, sink));
        if !same {
            *self.slot.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(sink));
        }
    }
}

impl<T> Default for Emitter<T> {
    fn default() -> Self {
        Self {
            slot: Arc::default(),
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
    fn pulses_before_the_target_is_added_are_no_ops() {
        assert_eq!(Emitter::default().pulse(1), Published::Detached);
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
