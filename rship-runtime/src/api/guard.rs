//! Guards: a locked target, and how what changes of it is published.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use crate::error::LockError;
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
) -> Result<Guard<T>, LockError> {
    let pinned = state
        .pin(&raw.target.path)
        .filter(|path| state.typed::<T>(&raw.target, path).is_some())
        .ok_or_else(|| {
            let id = raw.target.id.to_string();
            if raw.target.behind {
                LockError::Behind(id)
            } else {
                LockError::Gone(id)
            }
        })?;
    if let Some(inside) = inside {
        inside.enter(&raw.tree);
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

impl<T> Guard<T> {
    /// Publishes now, and says what became of the values that had changed.
    #[must_use = "dropping the guard publishes as well"]
    pub fn publish(mut self) -> Changes {
        self.published = true;
        self.state.publish(Look::Along(&self.pinned))
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
