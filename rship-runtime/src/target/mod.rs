//! Targets: trees of them behind one lock and one mailbox each, the registry, and what publishes their
//! changes.
//!
//! Order of locks: a tree's, the registry's, a target's changing part, the outbox's, a source's value.
//! Everything of the user's runs on the handler pool, never on the connection thread.

mod context;
mod details;
mod find;
mod job;
mod lock;
mod long;
mod mailbox;
mod name;
mod pool;
mod progress;
mod publish;
mod reentrancy;
mod reference;
mod register;
mod registry;
mod runs;
mod runtime;
mod sampling;
mod tasks;
mod watch;

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rship_core::model::{AnyModel, AnyTarget};

use crate::outbox::SlotId;
use job::RunningJob;
use lock::Occupancy;
use long::LongRuns;
use mailbox::Mailbox;
use publish::Branch;
use runs::Runs;

pub(crate) use context::Context;
pub use details::Member;
pub(crate) use job::{Complete, Job, Of, Outcome};
pub(crate) use lock::{Held, Who};
pub(crate) use pool::start as start_handlers;
pub use publish::Changes;
pub(crate) use publish::Look;
pub(crate) use reentrancy::{Inside, current, unwind};
pub(crate) use reference::{Path, RawHandle, Reference, Step};
pub(crate) use register::{Addition, add, remove};
pub(crate) use registry::{Registry, Targets};
pub(crate) use runtime::HandlerRuntime;

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
    due_looks: Mutex<Vec<Duration>>,
    /// Whether the watch looks at it.
    watched: AtomicBool,
}

/// What the lock of a tree protects.
pub(crate) struct TreeState {
    root: Box<AnyTarget>,
    branch: Branch,
    /// The places of the states that the last look found changed.
    touched: Vec<SlotId>,
    /// The mark of a handler that has ended, used again.
    inside: Option<Arc<Inside>>,
}

impl TreeState {
    /// The target at the end of a path.
    pub(crate) fn target(&self, path: &[Step]) -> Option<&AnyTarget> {
        let mut target: &AnyTarget = &*self.root;
        let mut model = Arc::clone(&self.branch.target.model);
        for step in path {
            target = model.member(step.field, step.place(), target)?;
            model = model.member_model(step.field).ok()?;
        }
        Some(target)
    }

    /// The target at the end of a path.
    pub(crate) fn target_mut(&mut self, path: &[Step]) -> Option<&mut AnyTarget> {
        let mut target: &mut AnyTarget = &mut *self.root;
        let mut model: Arc<dyn AnyModel> = Arc::clone(&self.branch.target.model);
        for step in path {
            target = model.member_mut(step.field, step.place(), target)?;
            model = model.member_model(step.field).ok()?;
        }
        Some(target)
    }

    /// The same path by positions, which hold as long as the tree stays locked.
    pub(crate) fn pin(&self, path: &Path) -> Option<Path> {
        if path.is_empty() {
            return Some(Arc::clone(path));
        }
        let mut pinned = Vec::with_capacity(path.len());
        let mut target: &AnyTarget = &*self.root;
        let mut model = Arc::clone(&self.branch.target.model);
        for step in &**path {
            let index = model.position(step.field, step.place(), target)?;
            let step = Step {
                index,
                pinned: true,
                ..step.clone()
            };
            target = model.member(step.field, step.place(), target)?;
            model = model.member_model(step.field).ok()?;
            pinned.push(step);
        }
        Some(pinned.into())
    }

    /// The places of the states that the last look found changed.
    pub(crate) fn touched(&self) -> &[SlotId] {
        &self.touched
    }
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
