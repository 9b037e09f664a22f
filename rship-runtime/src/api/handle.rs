//! Handles: how a device's own code reaches a target that was added.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::ops::Deref;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rship_core::descriptor::TargetDescriptor;
use rship_core::entity::Position;
use rship_core::model::TargetHandle;

use super::guard::{self, Guard};
use crate::connection_thread::ConnectionThread;
use crate::error::{Error, LockError};
use crate::outbox::Change;
use crate::stamp;
use crate::target::{self, Inside, Member, RawHandle, Reference, Targets, Tree, Who};

/// How long an action waits for a guard that it locked itself, and may have moved to another task.
const OWN_GUARD: Duration = Duration::from_secs(5);

/// A target that was added to an executor. Clones reach the same target.
///
/// The target lives until it is removed or the executor ends, whoever still holds a handle.
pub struct Handle<T> {
    raw: RawHandle,
    target: PhantomData<fn() -> T>,
}

impl<T: Send + 'static> Handle<T> {
    pub(crate) fn new(raw: RawHandle) -> Self {
        Self {
            raw,
            target: PhantomData,
        }
    }

    /// The target's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.raw.target.id
    }

    /// Waits for the target and locks it; what changed is published when the guard is dropped.
    /// Whoever asks first gets it first, actions included.
    ///
    /// An action that is inside the target already, and asks for it again, ends here: its command is
    /// answered with an error that says so.
    ///
    /// # Panics
    /// Outside of an action, when this is the handle of a sub-target that is no longer in its field.
    #[track_caller]
    pub fn lock(&self) -> impl Future<Output = Guard<T>> + Send + use<'_, T> {
        let place = Location::caller();
        async move {
            let inside = target::current();
            let who = who(inside.as_deref(), place);
            let tree = &self.raw.tree;
            let locked = match &inside {
                Some(inside) if inside.owns(tree) => Err(self.inside_error()),
                Some(inside) => {
                    let held = self.wait(inside, who).await;
                    held.and_then(|held| guard::make(held, &self.raw, Some(inside)))
                }
                None => guard::make(tree.lock(who).await, &self.raw, None),
            };
            match (locked, inside) {
                (Ok(guard), _) => guard,
                (Err(error), Some(inside)) => match inside.abort(error).await {},
                (Err(error), None) => no_guard(&error),
            }
        }
    }

    /// Waits as an action does: what it waits for is known, and that it may be itself.
    async fn wait(&self, inside: &Arc<Inside>, who: Who) -> Result<target::Held, LockError> {
        let tree = &self.raw.tree;
        let who = match tree.try_lock(who) {
            Ok(held) => return Ok(held),
            Err(who) => who,
        };
        let _awaiting = Awaiting::new(inside, tree);
        if !inside.has_locked(tree) {
            return Ok(tree.lock(who).await);
        }
        // A guard that was moved to another task lets go sooner or later; one that this action holds
        // itself never does.
        let Ok(thread) = ConnectionThread::get() else {
            return Err(self.inside_error());
        };
        tokio::select! {
            held = tree.lock(who) => Ok(held),
            () = thread.sleep(OWN_GUARD) => Err(self.inside_error()),
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
        let who = who(inside.as_deref(), Location::caller());
        let tree = &self.raw.tree;
        let locked = match &inside {
            Some(inside) if inside.owns(tree) => Err(self.inside_error()),
            _ => {
                let _awaiting = inside.as_ref().map(|inside| Awaiting::new(inside, tree));
                guard::make(tree.blocking_lock(who), &self.raw, inside.as_ref())
            }
        };
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
        let who = who(inside.as_deref(), Location::caller());
        if inside
            .as_ref()
            .is_some_and(|inside| inside.owns(&self.raw.tree))
        {
            return Err(self.inside_error());
        }
        let held = self.raw.tree.try_lock(who);
        let held = held.map_err(|_| LockError::Busy(self.id().to_owned()))?;
        guard::make(held, &self.raw, inside.as_ref())
    }

    pub(super) fn tree(&self) -> &Arc<Tree> {
        &self.raw.tree
    }

    fn inside_error(&self) -> LockError {
        LockError::Inside(self.id().to_owned())
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

    /// Gives the target another name for people to read.
    ///
    /// # Errors
    /// When the target was removed, or its executor has ended.
    pub fn rename(&self, name: impl Into<String>) -> Result<(), Error> {
        self.change(|_, target| {
            let mut changing = target.changing();
            changing.name = name.into();
            changing.last_updated = stamp::now().to_string();
            vec![Change::Description(target.number)]
        })
    }

    /// Says whether the target, with all below it, can be used. Commands for an offline target are
    /// answered with an error; its values are published all the same.
    ///
    /// # Errors
    /// When the target was removed, or its executor has ended.
    pub fn set_online(&self, online: bool) -> Result<(), Error> {
        self.change(|targets, target| {
            let changed = targets.set_online(target.number, online);
            changed.into_iter().map(Change::Status).collect()
        })
    }

    /// Says whether one action or emitter can be used now. Commands for an action that is not available
    /// are answered with an error; servers since 2026 show it.
    ///
    /// # Errors
    /// When the target has no such member, or was removed.
    pub fn set_available(&self, member: Member, available: bool) -> Result<(), Error> {
        let descriptor: &TargetDescriptor = self.raw.target.model.descriptor();
        let (kind, id, known) = match &member {
            Member::Action(id) => ("action", id, descriptor.action(id).is_some()),
            Member::Emitter(id) => ("emitter", id, descriptor.emitter(id).is_some()),
        };
        if !known {
            return Err(Error::NoMember {
                target: self.id().to_owned(),
                kind,
                member: id.clone(),
            });
        }
        self.change(|_, target| {
            target.set_details(|details| {
                details.available.insert(member, available);
            });
            vec![Change::Details(target.number)]
        })
    }

    /// Says where the target stands, in its instance's coordinate space; for servers since 2026.
    ///
    /// # Errors
    /// When the target was removed.
    pub fn set_position(&self, position: Position) -> Result<(), Error> {
        self.change(|_, target| {
            target.set_details(|details| details.position = Some(position));
            vec![Change::Details(target.number)]
        })
    }

    /// Says what the target is there for; for servers since 2026.
    ///
    /// # Errors
    /// When the target was removed.
    pub fn set_role(&self, role: impl Into<String>) -> Result<(), Error> {
        self.change(|_, target| {
            target.set_details(|details| details.role = Some(role.into()));
            vec![Change::Details(target.number)]
        })
    }

    /// Names parents that the target has for the time being, besides its own; for servers since 2026.
    ///
    /// # Errors
    /// When the target was removed.
    pub fn set_ephemeral_parents<I: Into<String>>(
        &self,
        parents: impl IntoIterator<Item = I>,
    ) -> Result<(), Error> {
        let parents = parents.into_iter().map(Into::into).collect();
        self.change(|_, target| {
            target.set_details(|details| details.parents = Some(parents));
            vec![Change::Details(target.number)]
        })
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
        let removed = || Error::Removed(self.id().to_owned());
        let context = &self.raw.tree.context;
        let registry = context.registry.upgrade().ok_or_else(removed)?;
        if self.raw.tree.removed.load(Ordering::Acquire) {
            return Err(removed());
        }
        target::remove(&registry, &self.raw);
        Ok(())
    }

    /// Changes what a server is told of the target.
    fn change(
        &self,
        change: impl FnOnce(&Targets, &Reference) -> Vec<Change>,
    ) -> Result<(), Error> {
        let removed = || Error::Removed(self.id().to_owned());
        let context = &self.raw.tree.context;
        let registry = context.registry.upgrade().ok_or_else(removed)?;
        if self.raw.tree.removed.load(Ordering::Acquire) || context.outbox.has_ended() {
            return Err(removed());
        }
        let targets = registry.targets();
        let target = targets.current(&self.raw.target).ok_or_else(removed)?;
        let changes = change(&targets, &target);
        context.outbox.changed(changes);
        Ok(())
    }
}

/// Who locks: the action that runs, or where a handle was used.
fn who(inside: Option<&Inside>, place: &'static Location<'static>) -> Who {
    inside.and_then(Inside::who).unwrap_or(Who::Guard(place))
}

/// There is no guard, and nobody to answer: whoever asked hears of it.
#[expect(
    clippy::panic,
    reason = "documented: the caller was promised a guard and there is none"
)]
fn no_guard(error: &LockError) -> ! {
    panic!("{error}")
}

/// What an action waits for, for as long as it does.
struct Awaiting<'i>(&'i Inside);

impl<'i> Awaiting<'i> {
    fn new(inside: &'i Inside, tree: &Arc<Tree>) -> Self {
        inside.awaits(Some(tree));
        Self(inside)
    }
}

impl Drop for Awaiting<'_> {
    fn drop(&mut self) {
        self.0.awaits(None);
    }
}

impl<T> Clone for Handle<T> {
    fn clone(&self) -> Self {
        Self {
            raw: self.raw.clone(),
            target: PhantomData,
        }
    }
}

impl<T> fmt::Debug for Handle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Handle").field(&self.raw.target.id).finish()
    }
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
        let _ = self.0.set_online(false);
    }
}
