//! What trees tell of their states to whoever keeps them over a restart, and ask of it.
//!
//! An executor without a state file has no keeper. The only one there is, in `saving.rs`, is made by a
//! function that [`Builder::state_file`](crate::Builder::state_file) names alone, so that a device which
//! never calls that has none of it in its program.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::Tree;
use super::lock::Held;
use super::reference::Reference;
use crate::journal::Journal;
use crate::metrics::Counters;

/// Makes the keeper of an executor, which counts and warns there.
pub(crate) type Keep = Box<dyn FnOnce(&Arc<Counters>, &Arc<Journal>) -> Arc<dyn Keeper> + Send>;

/// A value that is to be given to the action that sets it.
pub(crate) struct SavedValue {
    pub(super) target: Arc<Reference>,
    pub(super) emitter: usize,
    pub(super) action: usize,
    pub(super) json: Box<str>,
}

pub(crate) trait Keeper: Send + Sync {
    /// Targets come, parents first: what they are to be given back. Those that are, are not announced until
    /// they were. Called with the registry locked.
    fn came(&self, new: &[Arc<Reference>]) -> Vec<SavedValue>;

    /// Gives values back, on the handler pool. With the lock of a tree that is just being added, returns when
    /// all is done that does not await, or after a while.
    fn restore(&self, tree: &Arc<Tree>, held: Option<Held>, values: Vec<SavedValue>);

    /// A state was looked at that is kept: it has changed, or is one that may differ a little from what was
    /// told. Called with the tree locked.
    fn looked(&self, target: &Arc<Reference>, emitter: usize, json: &[u8], has_changed: bool);

    /// A target is gone: its values are kept for when it comes back, or are of no use to anybody. Called with
    /// the registry locked.
    fn left(&self, target: &Reference, forget: bool);

    /// Writes what has changed, until it is dropped.
    fn run(self: Arc<Self>) -> BoxFuture<'static, Infallible>;

    /// Writes what has changed now, and not in a while.
    fn hurry(&self);

    /// Writes for the last time, within this time.
    fn end(self: Arc<Self>, limit: Duration) -> BoxFuture<'static, ()>;
}
