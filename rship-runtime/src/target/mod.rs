//! Targets: trees of them behind one lock and one mailbox each, the registry, and what publishes their
//! changes.
//!
//! Order of locks: a tree's, the registry's, a target's changing part, the outbox's, a source's value.
//! Everything of the user's runs on the handler pool, never on the connection thread.

mod context;
mod details;
mod find;
mod follow;
mod job;
mod keeper;
mod lock;
mod long;
mod mailbox;
mod name;
mod pool;
mod progress;
mod publish;
mod reference;
mod register;
mod registry;
mod restoring;
mod roll;
mod runs;
mod runtime;
mod sampling;
mod saving;
mod tasks;
mod watch;

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use job::RunningJob;
use lock::{Occupancy, TreeState};
use long::LongRuns;
use mailbox::Mailbox;
use runs::Runs;
use sampling::Due;

pub(crate) use context::Context;
pub use details::Member;
pub(crate) use job::{Complete, Job, Of, Outcome};
pub(crate) use keeper::Keep;
pub(crate) use lock::{Held, Inside, Who, current, unwind};
pub(crate) use pool::start as start_handlers;
pub use publish::Changes;
pub(crate) use publish::Look;
pub(crate) use reference::{Path, RawHandle, Reference};
pub(crate) use register::{Addition, add, member_names, remove};
pub(crate) use registry::{Registry, Targets, actions_of, emitters_of};
pub(crate) use runtime::HandlerRuntime;
pub(crate) use saving::open;

/// A root target with all below it.
pub(crate) struct Tree {
    pub(crate) context: Arc<Context>,
    /// The root's id, for messages.
    pub(crate) id: Arc<str>,
    state: Arc<tokio::sync::Mutex<TreeState>>,
    occupancy: Mutex<Occupancy>,
    mailbox: Mailbox,
    /// What is carried out now of what the mailbox held.
    running: Mutex<Option<RunningJob>>,
    /// Those that can be ended from outside.
    runs: Mutex<Runs>,
    /// Long actions, which run beside the mailbox.
    long: Mutex<LongRuns>,
    /// Whether the tree was taken out of its executor.
    pub(crate) removed: AtomicBool,
    /// The looks by the clock that wait for the lock.
    due_looks: Mutex<Vec<Due>>,
    /// How often all of it is looked at, because others change it, too.
    looked_at: Mutex<Option<Duration>>,
    /// Whether the watch looks at it.
    watched: AtomicBool,
}

impl Tree {
    /// What of it is at work on a thread now; `None` when nothing is.
    pub(crate) fn at_work(&self) -> Option<String> {
        pool::at_work(self)
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        if crate::connection_thread::is_current() {
            pool::drop_elsewhere(Arc::clone(&self.state));
        }
    }
}
