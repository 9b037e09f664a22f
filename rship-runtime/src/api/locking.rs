//! Locking: how whoever uses a handle waits for its tree.

use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::connection_thread::ConnectionThread;
use crate::error::LockError;
use crate::target::{Held, Inside, RawHandle, Tree, Who};

/// How long an action waits for a guard that it locked itself, and may have moved to another task.
const OWN_GUARD: Duration = Duration::from_secs(5);

/// Where a handle was used.
pub(super) type Caller = &'static Location<'static>;

/// What `lock` returns until it is awaited, so that the compiler's message about a field or a method that
/// it does not find there says why: `no field .. on type impl Future<..> + Send + NeedsAwait`.
pub trait NeedsAwait {}

impl<F: Future> NeedsAwait for F {}

/// Waits for the tree of a target, as the handler that the caller is in, if it is in one.
pub(super) async fn lock(
    raw: &RawHandle,
    inside: Option<&Arc<Inside>>,
    caller: Caller,
) -> Result<Held, LockError> {
    if inside.is_some_and(|inside| inside.owns(&raw.tree)) {
        return Err(is_inside(raw));
    }
    match raw.tree.try_lock(who(inside, caller)) {
        Ok(held) => Ok(held),
        Err(who) => wait(raw, inside, who).await,
    }
}

/// Boxed, because who has to wait can afford it, and the code of each that locks is half of it.
fn wait<'w>(
    raw: &'w RawHandle,
    inside: Option<&'w Arc<Inside>>,
    who: Who,
) -> BoxFuture<'w, Result<Held, LockError>> {
    let tree = &raw.tree;
    Box::pin(async move {
        let Some(inside) = inside else {
            return Ok(tree.lock(who).await);
        };
        // What it waits for is known, and that it may be itself.
        let _awaiting = Awaiting::new(inside, tree);
        let Some(place) = inside.locked_at(tree) else {
            return Ok(tree.lock(who).await);
        };
        let twice = || LockError::Twice {
            target: raw.target.id.to_string(),
            place: format!("{}:{}", place.file(), place.line()),
        };
        // A guard that was moved to another task lets go sooner or later; one that this action holds
        // itself never does.
        let Ok(thread) = ConnectionThread::get() else {
            return Err(twice());
        };
        tokio::select! {
            biased;
            held = tree.lock(who) => Ok(held),
            () = thread.sleep(OWN_GUARD) => Err(twice()),
        }
    })
}

/// The same on a thread that may block.
pub(super) fn blocking_lock(
    raw: &RawHandle,
    inside: Option<&Arc<Inside>>,
    caller: Caller,
) -> Result<Held, LockError> {
    let (who, tree) = (who(inside, caller), &raw.tree);
    if inside.is_some_and(|inside| inside.owns(tree)) {
        return Err(is_inside(raw));
    }
    let _awaiting = inside.map(|inside| Awaiting::new(inside, tree));
    Ok(tree.blocking_lock(who))
}

/// Locks the tree if that is possible at once.
pub(super) fn try_lock(
    raw: &RawHandle,
    inside: Option<&Arc<Inside>>,
    caller: Caller,
) -> Result<Held, LockError> {
    if inside.is_some_and(|inside| inside.owns(&raw.tree)) {
        return Err(is_inside(raw));
    }
    let held = raw.tree.try_lock(who(inside, caller));
    held.map_err(|_| LockError::Busy(raw.target.id.to_string()))
}

fn is_inside(raw: &RawHandle) -> LockError {
    LockError::Inside(raw.target.id.to_string())
}

/// Who locks: the action that runs, or where a handle was used.
fn who(inside: Option<&Arc<Inside>>, caller: Caller) -> Who {
    let action = inside.and_then(|inside| inside.who());
    action.unwrap_or(Who::Guard(caller))
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
