//! What an executor was set up with, checked.

use std::sync::Arc;
use std::time::Duration;

use rship_core::entity::Instance;
use rship_core::id;
use rship_core::wire::{Encoding, Generation};

use crate::access::Access;
use crate::address::Connect;
use crate::error::Error;

/// How ids of targets are made from what `add` is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Ids {
    /// As given: `TARGET`, the form of the published document.
    #[default]
    Plain,
    /// `SERVICE:TARGET`, the form of SDKs since 2024; unique where two services use one name.
    Service,
}

/// What an executor is, where its server is, and how much time and memory it takes.
pub(crate) struct Settings {
    pub(crate) service: String,
    pub(crate) instance: Instance,
    pub(crate) ids: Ids,
    pub(crate) server: Server,
    pub(crate) timing: Timing,
    pub(crate) limits: Limits,
}

/// Where the server is, and how it is spoken to.
pub(crate) struct Server {
    pub(crate) access: Access,
    pub(crate) generation: Option<Generation>,
    pub(crate) encoding: Encoding,
    pub(crate) connect: Arc<dyn Connect>,
}

/// How long things may take.
#[derive(Debug, Clone)]
pub(crate) struct Timing {
    pub(crate) connect: Duration,
    pub(crate) handshake: Duration,
    pub(crate) ping: Duration,
    pub(crate) silence: Duration,
    pub(crate) shutdown: Duration,
    pub(crate) backoff: (Duration, Duration),
    pub(crate) action: Duration,
    pub(crate) read_back: Option<Duration>,
}

/// How much may wait, in bytes and in number.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    /// The largest value, entity or answer.
    pub(crate) message: usize,
    pub(crate) impulses: usize,
    pub(crate) impulse_bytes: usize,
    /// Commands of one tree; those of all trees may come to [`ALL_MAILBOXES`] times this.
    pub(crate) mailbox_bytes: usize,
    pub(crate) reply_bytes: usize,
    pub(crate) update_bytes: usize,
}

/// How many full mailboxes all trees of an executor may come to.
pub(crate) const ALL_MAILBOXES: usize = 3;

impl Default for Timing {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            handshake: Duration::from_secs(2),
            ping: Duration::from_secs(4),
            silence: Duration::from_secs(10),
            shutdown: Duration::from_secs(2),
            backoff: (Duration::from_millis(200), Duration::from_secs(10)),
            action: Duration::from_secs(30),
            read_back: Some(Duration::from_secs(60)),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message: 16 << 20,
            impulses: 10_000,
            impulse_bytes: 16 << 20,
            mailbox_bytes: 8 << 20,
            reply_bytes: 8 << 20,
            update_bytes: 8 << 20,
        }
    }
}

pub(crate) fn check_id(what: &'static str, text: &str) -> Result<(), Error> {
    id::check(text).map_err(|error| Error::Id { what, error })
}
