//! Handles: how a device's own code reaches a target that was added, and how what it changes is
//! published.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rship_core::entity::Position;
use rship_core::model::{AnyTarget, TargetHandle};
use tokio::sync::OwnedMutexGuard;

use crate::details::{Details, Member};
use crate::error::{Error, LockError};
use crate::hub::Hub;
use crate::outbox::News;
use crate::registry::NodeId;
use crate::stamp;
use crate::tree::{self, Changes, Inside, Look, Path, Tree, TreeState, unwind};

/// A handle without its type.
#[derive(Clone)]
pub(crate) struct RawHandle {
    pub(crate) tree: Arc<Tree>,
    pub(crate) path: Path,
    pub(crate) target: Arc<str>,
}

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
        &self.raw.target
    }

    /// Waits for the target and locks it; what changed is published when the guard is dropped.
    /// Whoever asks first gets it first, actions included.
    ///
    /// An action that is inside the target already, and asks for it again, ends here: its command is
    /// answered with an error that says so.
    ///
    /// # Panics
    /// Outside of an action, when this is the handle of a sub-target that is no longer in its field.
    pub async fn lock(&self) -> Guard<T> {
        let inside = tree::current();
        if let Some(inside) = &inside
            && inside.holds(&self.raw.tree)
        {
            match inside.abort(self.inside_error()).await {}
        }
        let state = Arc::clone(&self.raw.tree.state).lock_owned().await;
        match (self.guard(state, inside.as_ref()), inside) {
            (Ok(guard), _) => guard,
            (Err(error), Some(inside)) => match inside.abort(error).await {},
            (Err(error), None) => unwind(error),
        }
    }

    /// The same for a thread that may block: a device's own thread, or a `blocking` action.
    ///
    /// # Panics
    /// Inside an async task; and as [`lock`](Handle::lock), also when an action is inside the target
    /// already.
    pub fn blocking_lock(&self) -> Guard<T> {
        let inside = tree::current();
        if inside
            .as_ref()
            .is_some_and(|inside| inside.holds(&self.raw.tree))
        {
            unwind(self.inside_error());
        }
        let state = Arc::clone(&self.raw.tree.state).blocking_lock_owned();
        match self.guard(state, inside.as_ref()) {
            Ok(guard) => guard,
            Err(error) => unwind(error),
        }
    }

    /// Locks the target if that is possible at once.
    ///
    /// # Errors
    /// When somebody else holds it, when the caller is an action inside it, or when it is no longer
    /// there.
    pub fn try_lock(&self) -> Result<Guard<T>, LockError> {
        let inside = tree::current();
        if inside
            .as_ref()
            .is_some_and(|inside| inside.holds(&self.raw.tree))
        {
            return Err(self.inside_error());
        }
        let state = Arc::clone(&self.raw.tree.state).try_lock_owned();
        let state = state.map_err(|_| LockError::Busy(self.raw.target.to_string()))?;
        self.guard(state, inside.as_ref())
    }

    fn guard(
        &self,
        state: OwnedMutexGuard<TreeState>,
        inside: Option<&Arc<Inside>>,
    ) -> Result<Guard<T>, LockError> {
        let pinned = state
            .pin(&self.raw.path)
            .filter(|path| state.target(path).is_some_and(<AnyTarget>::is::<T>))
            .ok_or_else(|| LockError::Gone(self.raw.target.to_string()))?;
        if let Some(inside) = inside {
            inside.enter(&self.raw.tree);
        }
        Ok(Guard {
            state,
            pinned,
            tree: Arc::clone(&self.raw.tree),
            inside: inside.cloned(),
            published: false,
            target: PhantomData,
        })
    }

    fn inside_error(&self) -> LockError {
        LockError::Inside(self.raw.target.to_string())
    }

    /// Gives the target another name for people to read.
    ///
    /// # Errors
    /// When the target was removed, or its executor has ended.
    pub fn rename(&self, name: impl Into<String>) -> Result<(), Error> {
        self.in_registry(|hub, node| {
            let now = stamp::now().to_string();
            if hub.registry().rename(node, name.into(), now) {
                hub.outbox.news([News::Changed(node)]);
            }
        })
    }

    /// Says whether the target, with all below it, can be used. Commands for an offline target are
    /// answered with an error; its values are published all the same.
    ///
    /// # Errors
    /// When the target was removed, or its executor has ended.
    pub fn set_online(&self, online: bool) -> Result<(), Error> {
        self.in_registry(|hub, root| {
            let mut registry = hub.registry();
            let all = registry.subtree(root).into_iter();
            let changed: Vec<_> = all
                .filter(|node| registry.set_online(*node, online))
                .map(News::Status)
                .collect();
            hub.outbox.news(changed);
        })
    }

    /// Says whether one action or emitter can be used now. Commands for an action that is not available
    /// are answered with an error; servers since 2026 show it.
    ///
    /// # Errors
    /// When the target has no such member, or was removed.
    pub fn set_available(&self, member: Member, available: bool) -> Result<(), Error> {
        self.in_registry(|hub, node| {
            let mut registry = hub.registry();
            let descriptor = registry.node(node).map(|node| Arc::clone(&node.descriptor));
            let (kind, id, known) = match (&member, &descriptor) {
                (Member::Action(id), Some(known)) => ("action", id, known.action(id).is_some()),
                (Member::Emitter(id), Some(known)) => ("emitter", id, known.emitter(id).is_some()),
                (Member::Action(id) | Member::Emitter(id), None) => ("member", id, false),
            };
            if !known {
                return Err(Error::NoMember {
                    target: self.raw.target.to_string(),
                    kind,
                    member: id.clone(),
                });
            }
            if let Some(details) = registry.details_mut(node) {
                details.available.insert(member, available);
            }
            hub.outbox.news([News::Details(node)]);
            Ok(())
        })?
    }

    /// Says where the target stands, in its instance's coordinate space; for servers since 2026.
    ///
    /// # Errors
    /// When the target was removed.
    pub fn set_position(&self, position: Position) -> Result<(), Error> {
        self.set_details(|details| details.position = Some(position))
    }

    /// Says what the target is there for; for servers since 2026.
    ///
    /// # Errors
    /// When the target was removed.
    pub fn set_role(&self, role: impl Into<String>) -> Result<(), Error> {
        self.set_details(|details| details.role = Some(role.into()))
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
        self.set_details(|details| details.parents = Some(parents))
    }

    fn set_details(&self, set: impl FnOnce(&mut Details)) -> Result<(), Error> {
        self.in_registry(|hub, node| {
            let mut registry = hub.registry();
            if let Some(details) = registry.details_mut(node) {
                set(details);
            }
            hub.outbox.news([News::Details(node)]);
        })
    }

    /// Removes the target with all below it, here and on the server. The value lives on as long as
    /// somebody holds a handle, but nobody is told of it any more.
    ///
    /// # Errors
    /// When it was removed before, or is a sub-target.
    pub fn remove(&self) -> Result<(), Error> {
        if !self.raw.path.is_empty() {
            return Err(Error::SubTarget(self.raw.target.to_string()));
        }
        self.in_registry(|hub, root| tree::remove(hub, &self.raw.tree, root))
    }

    fn in_registry<R>(&self, work: impl FnOnce(&Hub, NodeId) -> R) -> Result<R, Error> {
        let removed = || Error::Removed(self.raw.target.to_string());
        let hub = self.raw.tree.hub.upgrade().ok_or_else(removed)?;
        if self.raw.tree.removed.load(Ordering::Acquire) {
            return Err(removed());
        }
        let node = hub
            .registry()
            .find(self.raw.tree.instance, &self.raw.target);
        Ok(work(&hub, node.ok_or_else(removed)?))
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
        f.debug_tuple("Handle").field(&self.raw.target).finish()
    }
}

impl<T: Send + 'static> TargetHandle for Handle<T> {
    type Target = T;

    fn from_erased(handle: &(dyn Any + Send + Sync)) -> Option<Self> {
        Some(Self::new(handle.downcast_ref::<RawHandle>()?.clone()))
    }
}

/// A locked target. When it is dropped, what changed is published: each state emitter whose value is
/// written differently than before, and every sub-target that came or went.
#[must_use = "the target is unlocked again at once"]
pub struct Guard<T: 'static> {
    state: OwnedMutexGuard<TreeState>,
    pinned: Path,
    tree: Arc<Tree>,
    inside: Option<Arc<Inside>>,
    published: bool,
    target: PhantomData<fn() -> T>,
}

impl<T> Guard<T> {
    /// Publishes now, and says what became of the values that had changed.
    #[must_use = "dropping the guard publishes as well"]
    pub fn publish(mut self) -> Changes {
        self.published = true;
        self.state.publish(&self.tree, Look::Along(&self.pinned))
    }
}

impl<T: Send + 'static> Deref for Guard<T> {
    type Target = T;

    #[expect(
        clippy::expect_used,
        reason = "checked when the guard was made; the lock keeps it so"
    )]
    fn deref(&self) -> &T {
        let target = self.state.target(&self.pinned);
        target
            .and_then(|target| target.downcast_ref())
            .expect("the locked target is there")
    }
}

impl<T: Send + 'static> DerefMut for Guard<T> {
    #[expect(
        clippy::expect_used,
        reason = "checked when the guard was made; the lock keeps it so"
    )]
    fn deref_mut(&mut self) -> &mut T {
        let target = self.state.target_mut(&self.pinned);
        target
            .and_then(|target| target.downcast_mut())
            .expect("the locked target is there")
    }
}

impl<T> Drop for Guard<T> {
    fn drop(&mut self) {
        if !self.published {
            self.state.publish(&self.tree, Look::Along(&self.pinned));
        }
        if let Some(inside) = &self.inside {
            inside.leave(&self.tree);
        }
    }
}

impl<T: fmt::Debug + Send + 'static> fmt::Debug for Guard<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
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
