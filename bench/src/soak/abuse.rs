//! What is done to the device, in turn.

use std::fmt;

use clap::ValueEnum;

use super::{Stage, handlers, offline, wire};
use crate::Failure;

macro_rules! abuses {
    ($($name:ident $words:literal $commit:path,)*) => {
        /// One thing that is done to the device for a few seconds.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
        pub(super) enum Abuse {
            $(#[doc = $words] $name,)*
        }

        impl Abuse {
            /// What is counted.
            pub(super) fn words(self) -> &'static str {
                match self {
                    $(Self::$name => $words,)*
                }
            }

            /// Does it; says how often.
            pub(super) async fn commit(self, stage: &mut Stage) -> Result<u64, Failure> {
                match self {
                    $(Self::$name => $commit(stage, self).await,)*
                }
            }
        }
    };
}

abuses! {
    BlockWorkers "handlers that block all workers" handlers::block_workers,
    BlockMany "64 handlers that block" handlers::block_many,
    StuckPayloads "payloads of 1 MB behind a stuck handler" handlers::stuck_payloads,
    Batch "members of batches of 20,000" handlers::batch,
    LockEachOther "handlers that lock each other" handlers::lock_each_other,
    UnreadReplies "replies of 1 MB to a peer that does not read" handlers::unread_replies,
    Unread "commands of a peer that sends but does not read" wire::unread,
    SlowLink "seconds of a link of 100 kB/s" wire::slow_link,
    Silent "targets added and removed with a peer that never pongs" wire::silent,
    BadCommands "bad commands" wire::bad_commands,
    SetId "set-id commands" wire::set_id,
    Garbage "frames and bytes of garbage" wire::garbage,
    Reset "connections reset" wire::reset,
    Readded "ids removed and added at once" wire::readded,
    HugeState "states of 70 MB" offline::huge_state,
    OfflineImpulses "impulses of 1 MB offline" offline::impulses,
    OfflineItems "items published and deleted offline" offline::items,
    Queries "queries made and dropped" offline::queries,
    Kept "restarts of the server with its store" wire::restart_kept,
    Rival "second programs with the same instance id" wire::rival,
    Empty "restarts of the server empty, as another generation" wire::restart_empty,
}

impl Abuse {
    /// Those that were asked for, else all.
    pub(super) fn all(only: &[Self]) -> &[Self] {
        if only.is_empty() {
            Self::value_variants()
        } else {
            only
        }
    }
}

impl fmt::Display for Abuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.to_possible_value();
        f.write_str(value.as_ref().map_or("", |value| value.get_name()))
    }
}
