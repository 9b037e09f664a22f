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
                Metrics { $($name: self.$name.0.load(Ordering::Relaxed),)* }
            }
        }
    };
}

metrics! {
    /// Connections on which everything was told.
    sessions,
    /// Frames read.
    frames_in,
    /// Frames written.
    frames_out,
    /// Bytes written in frames.
    bytes_out,
    /// Frames that were no frames of the protocol, and were skipped.
    unreadable_frames,
    /// Pulses written.
    pulses_out,
    /// Values of states that a newer value replaced before the server could take them.
    states_coalesced,
    /// Impulses dropped because the queue was full.
    impulses_dropped,
    /// Commands read.
    commands,
    /// Answers that were given, responses and errors; a member of a batch may want one of its own.
    commands_answered,
    /// Commands answered with an error.
    commands_failed,
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
