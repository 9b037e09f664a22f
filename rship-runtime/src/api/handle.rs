//! Handles: how a device's own code reaches a target that was added.

use std::any::{Any, TypeId, type_name};
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::ops::Deref;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use rship_core::entity::Position;
use rship_core::model::TargetHandle;

use super::described::{self, described};
use super::guard::{self, Guard};
use super::parent::{self, Parent};
use super::{NeedsAwait, SubTarget, locking, sub_target};
use crate::error::{Error, LockError};
use crate::journal::Topic;
use crate::outbox::Change;
use crate::target::{self, Member, RawHandle, Tree};

/// A target that was added to an executor. Clones reach the same target.
///
/// The target lives until it is removed or the executor ends, whoever still holds a handle.
pub struct Handle<T> {
    raw: RawHandle,
    target: PhantomData<fn() -> T>,
}

described!(Handle);

impl<T: Send + 'static> Handle<T> {
    pub(crate) fn new(raw: RawHandle) -> Self {
        Self {
            raw,
            target: PhantomData,
        }
    }

    pub(super) fn into_raw(self) -> RawHandle {
        self.raw
    }

    /// Waits for the target and locks it; what changed is published when the guard is dropped.
    /// Whoever asks first gets it first, actions included.
    ///
    /// An action that is inside the target already, and asks for it again, ends here: its command is
    /// answered with an error that says so.
    ///
    /// # Panics
    /// Outside of an action, when this is the handle of a sub-target that is no longer in its field. Whoever
    /// keeps such a handle for longer than the action makes a [`SubTarget`] of it, which has an error for that.
    #[track_caller]
    pub fn lock(&self) -> impl Future<Output = Guard<T>> + Send + NeedsAwait + use<'_, T> {
        let caller = Location::caller();
        async move {
            let inside = target::current();
            let locked = match locking::lock(&self.raw, inside.as_ref(), caller).await {
                Ok(held) => guard::make(held, &self.raw, inside.as_ref(), caller),
                Err(error) => Err(error),
            };
            match (locked, inside) {
                (Ok(guard), _) => guard,
                (Err(error), Some(inside)) => match inside.abort(error).await {},
                (Err(error), None) => no_guard(&error),
            }
        }
    }

    /// The same for a thread that may block: a device's own thread, or a `blocking` action.
    ///
    /// # Panics
    /// Inside an async task; and as [`lock`](Handle::lock), also when an action is inside the target
    /// already.
    #[track_caller]
    pub fn blocking_lock(&self) -> Guard<T> {
        let inside = target::current();
        let caller = Location::caller();
        let held = locking::blocking_lock(&self.raw, inside.as_ref(), caller);
        let locked = held.and_then(|held| guard::make(held, &self.raw, inside.as_ref(), caller));
        match (locked, inside) {
            (Ok(guard), _) => guard,
            (Err(error), Some(_)) => target::unwind(error),
            (Err(error), None) => no_guard(&error),
        }
    }

    /// Locks the target if that is possible at once.
    ///
    /// # Errors
    /// When somebody else holds it, when the caller is an action inside it, or when it is no longer
    /// there.
    #[track_caller]
    pub fn try_lock(&self) -> Result<Guard<T>, LockError> {
        let inside = target::current();
        let caller = Location::caller();
        let held = locking::try_lock(&self.raw, inside.as_ref(), caller)?;
        guard::make(held, &self.raw, inside.as_ref(), caller)
    }

    pub(super) fn tree(&self) -> &Arc<Tree> {
        &self.raw.tree
    }

    /// Says that the target was changed by somebody who holds no guard: it is looked at soon, with all of its
    /// tree, and what changed is published. Never blocks; may be called with a lock of the device's own
    /// held, and as often as one likes.
    pub fn changed(&self) {
        self.raw.tree.look_soon();
    }

    /// Has the target looked at this often, with all of its tree, because others change it without a
    /// guard. A target behind a lock is looked at every 100 ms unless this says otherwise.
    pub fn look_every(&self, period: Duration) {
        self.raw.tree.look_every(period);
    }

    /// Waits for the nearest target above this one that is a `P`, and locks it for reading: what an action
    /// of a sub-target knows of its parent. Only one guard of a tree can be held at a time, so drop this one
    /// before the next `lock`.
    ///
    /// ```no_run
    /// # use rship_runtime::prelude::*;
    /// # #[derive(Target)] struct Hub { limit: f64, #[target] outputs: Vec<Output> }
    /// # #[derive(Target)] struct Output { #[emitter] level: f64 }
    /// #[actions]
    /// impl Output {
    ///     #[action]
    ///     async fn set(this: Handle<Self>, level: f64) -> Result<(), rship_runtime::Error> {
    ///         let limit = this.parent::<Hub>().await?.limit;
    ///         this.lock().await.level = level.min(limit);
    ///         Ok(())
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// When there is none, or it is no longer there, or when the caller is inside the tree already.
    #[track_caller]
    pub fn parent<P: Send + 'static>(
        &self,
    ) -> impl Future<Output = Result<Parent<P>, Error>> + Send + use<'_, P, T> {
        let caller = Location::caller();
        async move {
            let above = self.raw.above(TypeId::of::<P>());
            let above = above.ok_or_else(|| Error::NoParent {
                target: self.id().to_owned(),
                wanted: type_name::<P>(),
            })?;
            let raw = RawHandle::new(&self.raw.tree, &above);
            let inside = target::current();
            let held = locking::lock(&raw, inside.as_ref(), caller).await?;
            Ok(parent::make(held, &raw, inside, caller)?)
        }
    }

    /// Says how far the action is that was called with this handle, from 0 to 1, for an action with
    /// `#[action(progress)]`. Cheap, and never waits; the newest counts. Clones say it of the same run.
    pub fn progress(&self, done: f64) {
        self.say(done, None);
    }

    /// The same, with a few words: what is being done now.
    pub fn progress_with(&self, done: f64, text: impl Into<String>) {
        self.say(done, Some(text.into()));
    }

    fn say(&self, done: f64, text: Option<String>) {
        match &self.raw.run {
            Some(run) => run.say(done, text),
            None => self.raw.tree.context.journal.warn(Topic::Untold, || {
                format!(
                    "progress of target `{}` is told to nobody: this is not the handle that an action with \
                     `#[action(progress)]` was called with",
                    self.id()
                )
            }),
        }
    }

    /// Removes the target with all below it, here and on the server. The value lives on as long as
    /// somebody holds a handle, but nobody is told of it any more.
    ///
    /// # Errors
    /// When it was removed before, or is a sub-target.
    pub fn remove(&self) -> Result<(), Error> {
        if self.raw.target.parent.is_some() {
            return Err(Error::SubTarget(self.id().to_owned()));
        }
        let registry = self.raw.registry();
        let registry = registry.ok_or_else(|| Error::Removed(self.id().to_owned()))?;
        target::remove(&registry, &self.raw);
        Ok(())
    }
}

/// There is no guard, and nobody to answer: whoever asked hears of it.
#[expect(
    clippy::panic,
    reason = "documented: the caller was promised a guard and there is none"
)]
fn no_guard(error: &LockError) -> ! {
    panic!("{error}")
}

impl<T: Send + 'static> TargetHandle for Handle<T> {
    type Target = T;

    fn from_erased(handle: &(dyn Any + Send + Sync)) -> Option<Self> {
        Some(Self::new(handle.downcast_ref::<RawHandle>()?.clone()))
    }
}

/// A handle that takes its target offline when it is dropped.
#[must_use = "the target goes offline again at once"]
#[derive(Debug)]
pub struct Scoped<T: Send + 'static>(pub(crate) Handle<T>);

impl<T: Send + 'static> Deref for Scoped<T> {
    type Target = Handle<T>;

    fn deref(&self) -> &Handle<T> {
        &self.0
    }
}

impl<T: Send + 'static> Drop for Scoped<T> {
    fn drop(&mut self) {
        // A target that was removed is offline already.
        described::try_say(&self.0.raw, |targets, target| {
            let changed = targets.set_online(target.number, false);
            changed.into_iter().map(Change::Status).collect()
        });
    }
}
