//! The hub: what the parts of one executor share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::answers::AllUnanswered;
use crate::clock::Clock;
use crate::config::Config;
use crate::items::Items;
use crate::metrics::Counters;
use crate::outbox::Outbox;
use crate::registry::Registry;
use crate::requests::Requests;
use crate::status::Status;
use crate::tree::Runners;

pub(crate) struct Hub {
    pub(crate) config: Config,
    registry: Mutex<Registry>,
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) items: Items,
    pub(crate) requests: Requests,
    pub(crate) counters: Arc<Counters>,
    pub(crate) status: watch::Sender<Status>,
    pub(crate) unanswered: AllUnanswered,
    pub(crate) runners: Runners,
    /// Becomes true when the executor is to end.
    pub(crate) stop: watch::Sender<bool>,
    pub(crate) clock: Clock,
}

impl Hub {
    pub(crate) fn new(config: Config) -> Self {
        let counters = Arc::new(Counters::default());
        Self {
            registry: Mutex::default(),
            outbox: Arc::new(Outbox::new(config.impulse_queue, Arc::clone(&counters))),
            items: Items::default(),
            requests: Requests::default(),
            counters,
            status: watch::Sender::new(Status::Idle),
            unanswered: AllUnanswered::default(),
            runners: Runners::default(),
            stop: watch::Sender::new(false),
            clock: Clock::default(),
            config,
        }
    }

    /// The registry; never lock a target or the outbox's session while holding it for long. Order of
    /// locks: target, registry, outbox.
    pub(crate) fn registry(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_status(&self, status: Status) {
        self.status.send_if_modified(|now| {
            let changed = *now != status;
            *now = status;
            changed
        });
    }
}

/// Ready when the executor is to end.
pub(crate) async fn stopped(stop: &mut watch::Receiver<bool>) {
    // The sender lives in the hub, so this waits for a true. What is returned borrows a lock, and must
    // not live in a future that users move between threads.
    drop(stop.wait_for(|stop| *stop).await);
}
