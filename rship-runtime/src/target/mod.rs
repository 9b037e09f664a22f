//! Targets: trees of them behind one lock and one mailbox each, the registry, and what publishes their
//! changes.
//!
//! Order of locks: a tree's, the registry's, a target's changing part, the outbox's, a source's value.
//! Everything of the user's runs on the handler pool, never on the connection thread.

mod context;
mod details;
mod follow;
mod job;
mod lock;
mod mailbox;
mod pool;
mod publish;
mod reentrancy;
mod reference;
mod register;
mod registry;
mod runtime;
mod sampling;
mod tasks;
mod watch;

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rship_core::model::{AnyModel, AnyTarget, Unreached};
use tokio::sync::oneshot;

use crate::outbox::SlotId;
use job::{LongRuns, RunningJob};
use lock::Occupancy;
use mailbox::Mailbox;
use publish::Branch;
use sampling::Due;

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

/// The newest run of each `restart` action of each target.
type Restarts = HashMap<(Arc<str>, usize), oneshot::Sender<()>>;

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
    /// Dropping a sender cancels its run.
    restarts: Mutex<Restarts>,
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
            model = model.member_model(step.field).ok()?.of_value(target);
        }
        Some(target)
    }

    /// The same as what it is to its owner: what stands in it, where it stands in something.
    pub(crate) fn typed<T: 'static>(&self, reference: &Reference, path: &[Step]) -> Option<&T> {
        let target = self.target(path)?;
        target
            .downcast_ref()
            .or_else(|| reference.model.step_in(target)?.downcast_ref())
    }

    /// The same as what it is to its owner: what stands in it, where it stands in something.
    pub(crate) fn typed_mut<T: 'static>(
        &mut self,
        reference: &Reference,
        path: &[Step],
    ) -> Option<&mut T> {
        let target = self.target_mut(path)?;
        if target.is::<T>() {
            return target.downcast_mut();
        }
        reference.model.step_in_mut(target)?.downcast_mut()
    }

    /// Calls `work` with the target at the end of a path, through all locks on the way; `false` when it
    /// is not there.
    fn reach(
        &mut self,
        path: &[Step],
        work: &mut dyn FnMut(&mut AnyTarget),
    ) -> Result<bool, Unreached> {
        reach(&self.branch.target.model, &mut *self.root, path, work)
    }

    /// The target at the end of a path.
    pub(crate) fn target_mut(&mut self, path: &[Step]) -> Option<&mut AnyTarget> {
        let mut target: &mut AnyTarget = &mut *self.root;
        let mut model: Arc<dyn AnyModel> = Arc::clone(&self.branch.target.model);
        for step in path {
            target = model.member_mut(step.field, step.place(), target)?;
            model = model.member_model(step.field).ok()?.of_value(target);
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
            model = model.member_model(step.field).ok()?.of_value(target);
            pinned.push(step);
        }
        Some(pinned.into())
    }

    /// The places of the states that the last look found changed.
    pub(crate) fn touched(&self) -> &[SlotId] {
        &self.touched
    }
}

fn reach(
    model: &Arc<dyn AnyModel>,
    target: &mut AnyTarget,
    path: &[Step],
    work: &mut dyn FnMut(&mut AnyTarget),
) -> Result<bool, Unreached> {
    let [step, rest @ ..] = path else {
        work(target);
        return Ok(true);
    };
    let mut below = Ok(false);
    model.with_member(step.field, step.place(), target, &mut |member| {
        if let Ok(model) = model.member_model(step.field) {
            below = reach(&model.of_value(member), member, rest, work);
        }
    })?;
    below
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
