//! Parents: an action of a sub-target may read the target above it, and not change it, because changes on
//! a show go down the tree only.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use super::guard;
use super::locking::Caller;
use crate::error::LockError;
use crate::target::{Held, Inside, Path, RawHandle, Reference};

/// A locked target above an action's own: it can be read.
#[must_use = "the target is unlocked again at once"]
pub struct Parent<P: 'static> {
    state: Held,
    reference: Arc<Reference>,
    pinned: Path,
    inside: Option<Arc<Inside>>,
    target: PhantomData<fn() -> P>,
}

pub(super) fn make<P: Send + 'static>(
    state: Held,
    raw: &RawHandle,
    inside: Option<Arc<Inside>>,
    caller: Caller,
) -> Result<Parent<P>, LockError> {
    let pinned = guard::pin::<P>(&state, raw)?;
    if let Some(inside) = &inside {
        inside.enter(&raw.tree, caller);
    }
    Ok(Parent {
        state,
        reference: Arc::clone(&raw.target),
        pinned,
        inside,
        target: PhantomData,
    })
}

impl<P: Send + 'static> Deref for Parent<P> {
    type Target = P;

    #[expect(
        clippy::expect_used,
        reason = "checked when the guard was made; the lock keeps it so"
    )]
    fn deref(&self) -> &P {
        self.state
            .typed(&self.reference, &self.pinned)
            .expect("the locked target is there")
    }
}

impl<P> Drop for Parent<P> {
    fn drop(&mut self) {
        if let Some(inside) = &self.inside {
            inside.leave(self.state.tree(), &[]);
        }
    }
}

impl<P: fmt::Debug + Send + 'static> fmt::Debug for Parent<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
