//! Target trees: a root target with all below it, behind one lock and one mailbox.

mod inside;
mod job;
mod mailbox;
mod register;
mod runners;
mod shadow;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use rship_core::model::{AnyModel, AnyTarget, Place};
use tokio::sync::oneshot;

use crate::hub::Hub;
use mailbox::Mailbox;

pub(crate) use inside::{Inside, current, unwind};
pub(crate) use job::Job;
pub(crate) use register::{Addition, add, remove};
pub(crate) use runners::Runners;
pub use shadow::Changes;
pub(crate) use shadow::{Look, Shadow};

/// The way from the root of a tree to one of its targets.
pub(crate) type Path = Arc<[Step]>;

/// One step from a target to a sub-target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    /// The field's position in the descriptor.
    pub(crate) field: usize,
    /// What tells the member apart.
    pub(crate) key: Box<str>,
    /// Where it was when it was first seen.
    pub(crate) index: usize,
    /// Whether the index alone counts.
    pub(crate) pinned: bool,
}

impl Step {
    pub(crate) fn place(&self) -> Place<'_> {
        Place {
            key: &self.key,
            index: self.index,
            pinned: self.pinned,
        }
    }
}

/// The newest run of each `restart` action of each target.
type Restarts = HashMap<(Arc<str>, usize), oneshot::Sender<()>>;

/// A root target with all below it.
pub(crate) struct Tree {
    pub(crate) hub: Weak<Hub>,
    pub(crate) instance: usize,
    pub(crate) state: Arc<tokio::sync::Mutex<TreeState>>,
    mailbox: Mailbox,
    /// Dropping a sender cancels its run.
    restarts: Mutex<Restarts>,
    /// How many long actions run beside the mailbox.
    detached: AtomicUsize,
    /// Whether the tree was taken out of its executor.
    pub(crate) removed: AtomicBool,
    /// The looks by the clock that wait for the lock.
    pub(crate) due_looks: Mutex<Vec<Duration>>,
}

/// What the lock of a tree protects.
pub(crate) struct TreeState {
    pub(crate) root: Box<AnyTarget>,
    pub(crate) shadow: Shadow,
}

impl TreeState {
    /// The target at the end of a path.
    pub(crate) fn target(&self, path: &[Step]) -> Option<&AnyTarget> {
        let mut target: &AnyTarget = &*self.root;
        let mut model = Arc::clone(&self.shadow.model);
        for step in path {
            target = model.member(step.field, step.place(), target)?;
            model = model.member_model(step.field).ok()?;
        }
        Some(target)
    }

    /// The target at the end of a path.
    pub(crate) fn target_mut(&mut self, path: &[Step]) -> Option<&mut AnyTarget> {
        let mut target: &mut AnyTarget = &mut *self.root;
        let mut model: Arc<dyn AnyModel> = Arc::clone(&self.shadow.model);
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
        let mut model = Arc::clone(&self.shadow.model);
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
}

impl Tree {
    fn new(hub: &Arc<Hub>, instance: usize, state: TreeState) -> Self {
        Self {
            hub: Arc::downgrade(hub),
            instance,
            state: Arc::new(tokio::sync::Mutex::new(state)),
            mailbox: Mailbox::default(),
            restarts: Mutex::default(),
            detached: AtomicUsize::new(0),
            removed: AtomicBool::new(false),
            due_looks: Mutex::default(),
        }
    }
}
