//! What is done to the device, one after the other.

use std::fmt;

use clap::ValueEnum;

use super::{Stage, handlers, link_faults, offline, server_faults};
use crate::Failure;

/// Where a fault comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    Handlers,
    Link,
    Server,
    Device,
}

impl Origin {
    pub(super) const ALL: [Self; 4] = [Self::Handlers, Self::Link, Self::Server, Self::Device];

    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Handlers => "handlers",
            Self::Link => "link",
            Self::Server => "server",
            Self::Device => "device",
        }
    }
}

macro_rules! faults {
    ($($name:ident $origin:ident $words:literal $act:path,)*) => {
        /// One thing that is done to the device for a few seconds at most.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
        pub(super) enum Fault {
            $(#[doc = $words] $name,)*
        }

        impl Fault {
            /// What is counted each time that it takes effect.
            pub(super) const fn words(self) -> &'static str {
                match self {
                    $(Self::$name => $words,)*
                }
            }

            pub(super) const fn origin(self) -> Origin {
                match self {
                    $(Self::$name => Origin::$origin,)*
                }
            }

            /// Does it; says how often it took effect.
            pub(super) async fn act(self, stage: &mut Stage) -> Result<u64, Failure> {
                match self {
                    $(Self::$name => $act(stage).await,)*
                }
            }
        }
    };
}

faults! {
    BlockWorkers Handlers "handlers that blocked all workers for longer than they may" handlers::block_workers,
    BlockMany Handlers "handlers that blocked, one in each target" handlers::block_many,
    StuckPayloads Handlers "payloads of 1 MB refused behind a stuck handler" handlers::stuck_payloads,
    Batch Handlers "members of batches of 5,000" handlers::batch,
    LockEachOther Handlers "handlers that locked each other" handlers::lock_each_other,
    UnreadReplies Handlers "replies of 1 MB to a peer that did not read" handlers::unread_replies,
    Unread Link "times that data from the device stood still" link_faults::unread,
    Silent Link "times that data to the device stood still" link_faults::silent,
    Slow Link "parts that passed at 100 kB/s" link_faults::slow,
    Trickle Link "parts that passed at 10 kB/s" link_faults::trickle,
    Late Link "parts that came up to 0.4 s late" link_faults::late,
    Sliced Link "slices of at most 97 bytes" link_faults::sliced,
    Reset Link "connections reset" link_faults::reset,
    Fin Link "connections closed in order" link_faults::fin,
    MidFrame Link "connections cut in the middle of what they said" link_faults::mid_frame,
    Abandoned Link "connections whose data arrived after their successor's" link_faults::abandoned,
    Garbage Link "frames and bytes of garbage" link_faults::garbage,
    ClosesAtOnce Link "connections closed as soon as they were made" link_faults::closes_at_once,
    Mute Link "connections that were never answered" link_faults::mute,
    Stalled Server "connections given up on a server that did not read" server_faults::stalled,
    BadCommands Server "bad commands refused" server_faults::bad_commands,
    SetId Server "set-id commands" server_faults::set_id,
    Flood Server "frames of a flood" server_faults::flood,
    Loses Server "entities and values that the server lost" server_faults::loses,
    Overwrites Server "entities and values that somebody overwrote" server_faults::overwrites,
    Kept Server "restarts of the server with its store" server_faults::restart_kept,
    Empty Server "restarts of the server empty, as another generation" server_faults::restart_empty,
    Rival Server "second programs with the same instance id" server_faults::rival,
    Readded Device "targets removed and added again at once" offline::readded,
    HugeState Device "states of 70 MB refused" offline::huge_state,
    OfflineImpulses Device "impulses of 1 MB dropped offline" offline::impulses,
    OfflineItems Device "items published and deleted offline" offline::items,
    Queries Device "queries made and dropped" offline::queries,
}

impl Fault {
    /// Those that were asked for, else all.
    pub(super) fn all(only: &[Self]) -> &[Self] {
        if only.is_empty() {
            Self::value_variants()
        } else {
            only
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.to_possible_value();
        f.write_str(value.as_ref().map_or("", |value| value.get_name()))
    }
}
