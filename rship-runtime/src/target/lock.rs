//! The lock of a tree: what it protects, who holds it, who waits for it and since when, and which handler is
//! inside of it already, so that locking it again is an error and never a wait for itself.

use std::fmt;
use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::panic::Location;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

use rship_core::few::Few;
use rship_core::model::{AnyModel, AnyTarget, Unreached};
use tokio::sync::OwnedMutexGuard;

use super::Tree;
use super::publish::Branch;
use super::reference::{Path, Reference, Step};
use crate::error::LockError;
use crate::outbox::SlotId;
use crate::world;

/// How long a lock may be waited for before the log says so.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// What the lock of a tree protects.
pub(crate) struct TreeState {
    pub(super) root: Box<AnyTarget>,
    pub(super) branch: Branch,
    /// The places of the states that the last look found changed.
    pub(super) touched: Vec<SlotId>,
    /// The mark of a handler that has ended, used again.
    pub(super) inside: Option<Arc<Inside>>,
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
    pub(super) fn reach(
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

/// Who locks a tree.
#[derive(Clone)]
pub(crate) enum Who {
    Action(Arc<Reference>, usize),
    /// A handle's `lock`, by where it was called.
    Guard(&'static Location<'static>),
    /// A look at what is computed by the clock.
    Sampling,
    /// Setters that are given saved values.
    Restoring,
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Action(target, action) => write!(f, "action `{}`", target.action_id(*action)),
            Self::Guard(place) => {
                write!(
                    f,
                    "a guard that was locked at {}:{}",
                    place.file(),
                    place.line()
                )
            }
            Self::Sampling => f.write_str("a look at values computed by the clock"),
            Self::Restoring => f.write_str("setters that are given saved values"),
        }
    }
}

#[derive(Default)]
pub(super) struct Occupancy {
    holder: Option<(Who, Instant)>,
    waiters: Vec<Waiter>,
    last: u64,
}

struct Waiter {
    number: u64,
    who: Who,
    since: Instant,
    said: bool,
}

/// A locked tree.
pub(crate) struct Held {
    tree: Arc<Tree>,
    state: OwnedMutexGuard<TreeState>,
}

impl Deref for Held {
    type Target = TreeState;

    fn deref(&self) -> &TreeState {
        &self.state
    }
}

impl DerefMut for Held {
    fn deref_mut(&mut self) -> &mut TreeState {
        &mut self.state
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // Before the lock is given on.
        self.tree.occupancy().holder = None;
    }
}

impl Held {
    pub(crate) fn tree(&self) -> &Arc<Tree> {
        &self.tree
    }
}

/// Somebody who waits, for as long as they do.
struct Waiting<'t> {
    tree: &'t Arc<Tree>,
    number: u64,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut occupancy = self.tree.occupancy();
        occupancy
            .waiters
            .retain(|waiter| waiter.number != self.number);
    }
}

impl Tree {
    fn occupancy(&self) -> MutexGuard<'_, Occupancy> {
        lock(&self.occupancy)
    }

    fn held(self: &Arc<Self>, state: OwnedMutexGuard<TreeState>, who: Who) -> Held {
        self.occupancy().holder = Some((who, world::now()));
        Held {
            tree: Arc::clone(self),
            state,
        }
    }

    /// Locks the tree if that is possible at once.
    pub(crate) fn try_lock(self: &Arc<Self>, who: Who) -> Result<Held, Who> {
        match Arc::clone(&self.state).try_lock_owned() {
            Ok(state) => Ok(self.held(state, who)),
            Err(_) => Err(who),
        }
    }

    /// Waits for the tree and locks it. Whoever asks first gets it first.
    pub(crate) async fn lock(self: &Arc<Self>, who: Who) -> Held {
        let who = match self.try_lock(who) {
            Ok(held) => return held,
            Err(who) => who,
        };
        let waiting = self.wait(&who);
        let state = Arc::clone(&self.state).lock_owned().await;
        drop(waiting);
        self.held(state, who)
    }

    /// The same on a thread that may block.
    pub(crate) fn blocking_lock(self: &Arc<Self>, who: Who) -> Held {
        let who = match self.try_lock(who) {
            Ok(held) => return held,
            Err(who) => who,
        };
        let waiting = self.wait(&who);
        let state = Arc::clone(&self.state).blocking_lock_owned();
        drop(waiting);
        self.held(state, who)
    }

    fn wait(self: &Arc<Self>, who: &Who) -> Waiting<'_> {
        let number = {
            let mut occupancy = self.occupancy();
            occupancy.last += 1;
            let number = occupancy.last;
            occupancy.waiters.push(Waiter {
                number,
                who: who.clone(),
                since: world::now(),
                said: false,
            });
            number
        };
        self.context.attention.call(self);
        Waiting { tree: self, number }
    }

    pub(super) fn has_waiters(&self) -> bool {
        !self.occupancy().waiters.is_empty()
    }

    /// Who holds the tree, and for how long.
    pub(super) fn holder(&self) -> Option<String> {
        let occupancy = self.occupancy();
        let (who, since) = occupancy.holder.as_ref()?;
        Some(format!(
            "{who}, for {:.1} s",
            world::elapsed(*since).as_secs_f64()
        ))
    }

    /// Somebody other than its own commands who has waited for the tree for long.
    pub(super) fn guard_that_waits(&self) -> Option<String> {
        let occupancy = self.occupancy();
        let mut waiters = occupancy.waiters.iter();
        let waiter = waiters.find(|waiter| !matches!(waiter.who, Who::Sampling))?;
        Some(format!(
            "{} has waited for {:.1} s",
            waiter.who,
            world::elapsed(waiter.since).as_secs_f64()
        ))
    }

    /// What the log must say of those who have waited for long, once of each.
    pub(super) fn long_waits(&self) -> Vec<String> {
        let mut occupancy = self.occupancy();
        let Occupancy {
            holder, waiters, ..
        } = &mut *occupancy;
        let late = waiters
            .iter_mut()
            .filter(|waiter| !waiter.said && world::elapsed(waiter.since) >= PATIENCE);
        let said = late.map(|waiter| {
            waiter.said = true;
            let held = holder.as_ref().map_or_else(String::new, |(who, since)| {
                let held = world::elapsed(*since).as_secs_f64();
                format!(", which is held by {who}, for {held:.1} s")
            });
            let waited = world::elapsed(waiter.since).as_secs_f64();
            format!(
                "{} has waited {waited:.1} s for target `{}`{held}",
                waiter.who, self.id
            )
        });
        said.collect()
    }
}

tokio::task_local! {
    static INSIDE: Arc<Inside>;
}

/// What a handler is, what it holds and waits for, and why it must stop if it must.
#[derive(Default)]
pub(crate) struct Inside {
    action: Option<(Arc<Reference>, usize)>,
    /// The address of the tree that it held from the start, if it did.
    own: Option<usize>,
    state: Mutex<Marks>,
}

#[derive(Default)]
struct Marks {
    /// The addresses of the trees that it locked itself, and where.
    held: Vec<(usize, &'static Location<'static>)>,
    /// The tree that it waits for.
    awaited: Option<Arc<Tree>>,
    /// The states that it changed through guards.
    touched: Few<SlotId, ()>,
    abort: Option<LockError>,
}

impl Marks {
    fn touch(&mut self, touched: &[SlotId]) {
        for slot in touched {
            self.touched.insert(*slot, ());
        }
    }
}

/// The handler that runs now, if the caller is in one.
pub(crate) fn current() -> Option<Arc<Inside>> {
    INSIDE.try_with(Arc::clone).ok()
}

fn address(tree: &Arc<Tree>) -> usize {
    Arc::as_ptr(tree).addr()
}

impl Inside {
    /// The mark of an action that holds its own tree.
    pub(super) fn holding(
        used: Option<Arc<Self>>,
        tree: &Arc<Tree>,
        target: &Arc<Reference>,
        action: usize,
    ) -> Arc<Self> {
        let mark = Self {
            action: Some((Arc::clone(target), action)),
            own: Some(address(tree)),
            state: Mutex::default(),
        };
        match used {
            Some(mut used) => match Arc::get_mut(&mut used) {
                Some(memory) => {
                    *memory = mark;
                    used
                }
                // A guard of the handler before lives on.
                None => Arc::new(mark),
            },
            None => Arc::new(mark),
        }
    }

    /// The mark of an action that runs beside the others.
    pub(super) fn beside(target: &Arc<Reference>, action: usize) -> Arc<Self> {
        Arc::new(Self {
            action: Some((Arc::clone(target), action)),
            ..Self::default()
        })
    }

    pub(crate) fn who(&self) -> Option<Who> {
        let (target, action) = self.action.as_ref()?;
        Some(Who::Action(Arc::clone(target), *action))
    }

    pub(crate) fn enter(&self, tree: &Arc<Tree>, place: &'static Location<'static>) {
        lock(&self.state).held.push((address(tree), place));
    }

    pub(crate) fn leave(&self, tree: &Arc<Tree>, touched: &[SlotId]) {
        let mut state = lock(&self.state);
        if let Some(at) = state.held.iter().position(|held| held.0 == address(tree)) {
            state.held.swap_remove(at);
        }
        state.touch(touched);
    }

    /// The handler has published these states, and goes on.
    pub(crate) fn touch(&self, touched: &[SlotId]) {
        lock(&self.state).touch(touched);
    }

    /// The states that the handler changed through guards.
    pub(super) fn touched(&self) -> Vec<SlotId> {
        let state = lock(&self.state);
        state.touched.iter().map(|(slot, ())| *slot).collect()
    }

    /// Whether the handler was given this tree and holds it to its end.
    pub(crate) fn owns(&self, tree: &Arc<Tree>) -> bool {
        self.own == Some(address(tree))
    }

    /// Where the handler locked this tree, if it did; the guard may have been moved elsewhere since.
    pub(crate) fn locked_at(&self, tree: &Arc<Tree>) -> Option<&'static Location<'static>> {
        let state = lock(&self.state);
        let held = state.held.iter().find(|held| held.0 == address(tree));
        held.map(|(_, place)| *place)
    }

    /// Says what the handler waits for.
    pub(crate) fn awaits(&self, tree: Option<&Arc<Tree>>) {
        let before = std::mem::replace(&mut lock(&self.state).awaited, tree.cloned());
        drop(before);
    }

    /// What the handler waits for, and who has it.
    pub(super) fn awaited(&self) -> Option<String> {
        let tree = lock(&self.state).awaited.clone()?;
        let held = tree
            .holder()
            .map_or_else(String::new, |holder| format!(", held by {holder}"));
        Some(format!("target `{}`{held}", tree.id))
    }

    /// Ends the handler with this error: its future is dropped instead of being polled again.
    pub(crate) async fn abort(&self, error: LockError) -> std::convert::Infallible {
        lock(&self.state).abort = Some(error);
        std::future::pending().await
    }

    /// Runs a handler's future to its end, or to the error that it ran into.
    pub(super) async fn run<T>(
        self: Arc<Self>,
        future: impl Future<Output = T>,
    ) -> Result<T, LockError> {
        let mut future = pin!(INSIDE.scope(Arc::clone(&self), future));
        std::future::poll_fn(|context| match future.as_mut().poll(context) {
            Poll::Ready(value) => Poll::Ready(Ok(value)),
            Poll::Pending => match lock(&self.state).abort.take() {
                Some(error) => Poll::Ready(Err(error)),
                None => Poll::Pending,
            },
        })
        .await
    }

    /// Runs a handler that does not await.
    pub(super) fn run_blocking<T>(self: Arc<Self>, work: impl FnOnce() -> T) -> T {
        INSIDE.sync_scope(self, work)
    }
}

/// Ends the calling handler with this error. It unwinds, because the caller was promised a guard and
/// there is none; the runner of handlers turns it into the command's error.
pub(crate) fn unwind(error: LockError) -> ! {
    std::panic::resume_unwind(Box::new(error))
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
