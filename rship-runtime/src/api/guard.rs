//! Guards: a locked target, and how what changes of it is published.

use std::any::TypeId;
use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use super::SubTarget;
use super::locking::Caller;
use crate::error::{Error, LockError};
use crate::target::{Changes, Held, Inside, Look, Path, RawHandle, Reference};

/// A locked target. When it is dropped, what changed is published: each state emitter whose value is
/// written differently than before, and every sub-target that came or went.
#[must_use = "the target is unlocked again at once"]
pub struct Guard<T: 'static> {
    state: Held,
    reference: Arc<Reference>,
    pinned: Path,
    inside: Option<Arc<Inside>>,
    published: bool,
    target: PhantomData<fn() -> T>,
}

pub(super) fn make<T: Send + 'static>(
    state: Held,
    raw: &RawHandle,
    inside: Option<&Arc<Inside>>,
    caller: Caller,
) -> Result<Guard<T>, LockError> {
    let pinned = pin::<T>(&state, raw)?;
    if let Some(inside) = inside {
        inside.enter(&raw.tree, caller);
    }
    Ok(Guard {
        state,
        reference: Arc::clone(&raw.target),
        pinned,
        inside: inside.cloned(),
        published: false,
        target: PhantomData,
    })
}

/// Where the target is in its tree, for as long as that stays locked.
pub(super) fn pin<T: 'static>(state: &Held, raw: &RawHandle) -> Result<Path, LockError> {
    let path = state.pin(&raw.target.path);
    path.filter(|path| state.typed::<T>(&raw.target, path).is_some())
        .ok_or_else(|| {
            let id = raw.target.id.to_string();
            if raw.target.behind {
                LockError::Behind(id)
            } else {
                LockError::Gone(id)
            }
        })
}

impl<T> Guard<T> {
    /// Publishes now, and says what became of the values that had changed.
    #[must_use = "dropping the guard publishes as well"]
    pub fn publish(mut self) -> Changes {
        self.published = true;
        self.state.publish(Look::Along(&self.pinned))
    }
}

impl<T: Send + 'static> Guard<T> {
    /// The handle of a sub-target, for whoever locks, renames or places it later: the closure says which.
    ///
    /// A member that was put into its field just now, under this guard, is told of at once.
    ///
    /// # Errors
    /// When the closure finds none, or something that is not a sub-target.
    pub fn sub_target<M: Send + 'static>(
        &mut self,
        which: impl FnOnce(&T) -> Option<&M>,
    ) -> Result<SubTarget<M>, Error> {
        // Only compared: what is there is looked at again before it is used.
        let address = which(self).map(|member| std::ptr::from_ref(member).addr());
        let found = address.map(|address| {
            let place = (TypeId::of::<M>(), address);
            self.state.sub_targets_at(&self.pinned, place)
        });
        if let Some(inside) = &self.inside {
            inside.touch(self.state.touched());
        }
        let why = match found.as_deref() {
            Some([one]) => return Ok(SubTarget::new(RawHandle::new(self.state.tree(), one))),
            Some([]) => {
                "what the closure found is not in a field with `#[target]`, or was left out because its \
                 key is taken"
            }
            Some(_) => {
                "the closure found one that takes no memory, so that several cannot be told apart: ask for \
                 it by its id"
            }
            None => "the closure found none",
        };
        Err(Error::NoSubTarget {
            target: self.reference.id.to_string(),
            why: why.to_owned(),
        })
    }
}

impl<T: Send + 'static> Deref for Guard<T> {
    type Target = T;

    #[expect(
        clippy::expect_used,
        reason = "checked when the guard was made; the lock keeps it so"
    )]
    fn deref(&self) -> &T {
        self.state
            .typed(&self.reference, &self.pinned)
            .expect("the locked target is there")
    }
}

impl<T: Send + 'static> DerefMut for Guard<T> {
    #[expect(
        clippy::expect_used,
        reason = "checked when the guard was made; the lock keeps it so"
    )]
    fn deref_mut(&mut self) -> &mut T {
        self.state
            .typed_mut(&self.reference, &self.pinned)
            .expect("the locked target is there")
    }
}

impl<T> Drop for Guard<T> {
    fn drop(&mut self) {
        if !self.published {
            self.state.publish(Look::Along(&self.pinned));
        }
        if let Some(inside) = &self.inside {
            inside.leave(self.state.tree(), self.state.touched());
        }
    }
}

impl<T: fmt::Debug + Send + 'static> fmt::Debug for Guard<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
