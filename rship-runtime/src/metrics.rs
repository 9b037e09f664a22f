//! Metrics as plain numbers.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! metrics {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// What an executor has done since it was made; every number only grows.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Metrics {
            $($(#[$doc])* pub $name: u64,)*
        }

        #[derive(Debug, Default)]
        pub(crate) struct Counters {
            $(pub(crate) $name: Counter,)*
        }

        impl Counters {
            pub(crate) fn read(&self) -> Metrics {
                Metrics { $($name: self.$name.read(),)* }
            }
        }
    };
}

metrics! {
    /// Connections on which the server was heard after everything was announced.
    sessions,
    /// Frames read.
    frames_in,
    /// Frames written.
    frames_out,
    /// Bytes written in frames.
    bytes_out,
    /// Frames that were not frames of the protocol, and were skipped.
    unreadable_frames,
    /// Pulses written.
    pulses_out,
    /// Values of states that a newer value replaced before the server could take them.
    states_coalesced,
    /// Impulses dropped because the queue was full, or because their target went before they were sent.
    impulses_dropped,
    /// Values, entities and answers larger than the message limit, which were not sent.
    values_refused,
    /// Commands read.
    commands,
    /// Answers that were written, responses and errors; a member of a batch may want one of its own.
    commands_answered,
    /// Commands answered with an error.
    commands_failed,
    /// Commands refused because too many bytes of them waited for their target.
    commands_refused,
    /// Commands dropped because their session ended before they began.
    commands_dropped,
    /// Answers discarded because the session that asked for them was gone.
    answers_discarded,
    /// Actions answered with an error because they took too long.
    actions_timed_out,
    /// Removals, deletions and frames dropped because too many bytes of them waited.
    updates_dropped,
    /// How often the state file was written.
    state_writes,
    /// Values that have no room in the state file, and targets that were away and had to make room.
    states_not_kept,
    /// Entities announced again or deleted because the server had something else.
    healed,
}

/// A number that only grows.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
