//! Sub-targets from outside: handles that find their target anew each time, because it may have left.

use std::any::{TypeId, type_name};
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::panic::Location;

use rship_core::entity::Position;

use super::described::{self, described};
use super::guard::{self, Guard};
use super::{Handle, NeedsAwait, locking, sub_target};
use crate::error::{Error, LockError};
use crate::outbox::Change;
use crate::target::{self, Member, RawHandle};

/// A sub-target of a target that was added: a field, or a member of an array or a map.
///
/// Got from [`Guard::sub_target`] or [`Handle::sub_target_by_id`]. It is found by its id each time it is
/// locked: one that has left its field is an error that names it, and one that came back is found again.
/// Locking it locks its whole tree.
///
/// ```no_run
/// # use rship_runtime::prelude::*;
/// # #[derive(Target)] struct Hub { #[target(key = "number")] outputs: Vec<Output> }
/// # #[derive(Target)] struct Output { number: u8, #[emitter] level: f64 }
/// # async fn example(executor: &Executor, hub: Hub) -> Result<(), rship_runtime::Error> {
/// let hub = executor.add("hub", hub)?;
/// let third = hub.lock().await.sub_target(|hub| hub.outputs.get(3))?;
/// third.rename("Balcony");
/// third.lock().await?.level = 0.5;
/// # Ok(())
/// # }
/// ```
pub struct SubTarget<T> {
    raw: RawHandle,
    target: PhantomData<fn() -> T>,
}

described!(SubTarget);

impl<T: Send + 'static> SubTarget<T> {
    pub(super) fn new(raw: RawHandle) -> Self {
        Self {
            raw,
            target: PhantomData,
        }
    }

    /// Waits for the sub-target and locks it; what changed is published when the guard is dropped.
    ///
    /// # Errors
    /// When it is no longer in its field, or when the caller is an action inside its tree.
    #[track_caller]
    pub fn lock(
        &self,
    ) -> impl Future<Output = Result<Guard<T>, LockError>> + Send + NeedsAwait + use<'_, T> {
        let caller = Location::caller();
        async move {
            let inside = target::current();
            let held = locking::lock(&self.raw, inside.as_ref(), caller).await?;
            guard::make(held, &self.raw, inside.as_ref(), caller)
        }
    }

    /// The same for a thread that may block.
    ///
    /// # Errors
    /// As [`lock`](SubTarget::lock).
    ///
    /// # Panics
    /// Inside an async task.
    #[track_caller]
    pub fn blocking_lock(&self) -> Result<Guard<T>, LockError> {
        let inside = target::current();
        let caller = Location::caller();
        let held = locking::blocking_lock(&self.raw, inside.as_ref(), caller)?;
        guard::make(held, &self.raw, inside.as_ref(), caller)
    }

    /// Locks the sub-target if that is possible at once.
    ///
    /// # Errors
    /// As [`lock`](SubTarget::lock), and when somebody else holds its tree.
    #[track_caller]
    pub fn try_lock(&self) -> Result<Guard<T>, LockError> {
        let inside = target::current();
        let caller = Location::caller();
        let held = locking::try_lock(&self.raw, inside.as_ref(), caller)?;
        guard::make(held, &self.raw, inside.as_ref(), caller)
    }
}

/// For what an action of a sub-target leaves behind: a task of its own outlives the sub-target's place.
impl<T: Send + 'static> From<Handle<T>> for SubTarget<T> {
    fn from(handle: Handle<T>) -> Self {
        Self::new(handle.into_raw())
    }
}

/// The handle of a sub-target by its id.
pub(super) fn by_id<M: Send + 'static>(raw: &RawHandle, id: &str) -> Result<SubTarget<M>, Error> {
    let missing = |why| Error::NoSubTarget {
        target: raw.target.id.to_string(),
        why,
    };
    let found = raw.sub_target(id);
    let found = found.ok_or_else(|| missing(format!("none with the id `{id}` is below it now")))?;
    if !found.model.is_of(TypeId::of::<M>()) {
        let (is, wanted) = (found.model.descriptor().type_name, type_name::<M>());
        let why = format!("`{id}` is a `{is}`, and a `{wanted}` was asked for");
        return Err(missing(why));
    }
    Ok(SubTarget::new(RawHandle::new(&raw.tree, &found)))
}
