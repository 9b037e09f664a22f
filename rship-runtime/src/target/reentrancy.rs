//! Which target tree the code that runs now is inside of, so that locking it again is an error and
//! never a wait for itself.

use std::any::Any;
use std::collections::HashSet;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;

use super::Tree;
use super::lock::{Who, lock};
use super::reference::Reference;
use crate::error::LockError;
use crate::outbox::SlotId;

tokio::task_local! {
    static INSIDE: Arc<Inside>;
}

/// What a handler is, what it holds and waits for, and why it must stop if it must.
#[derive(Default)]
pub(crate) struct Inside {
    action: Option<(Arc<Reference>, usize)>,
    /// The address of the tree that it held from the start, if it did.
    own: Option<usize>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The addresses of the trees that it locked itself.
    held: Vec<usize>,
    /// The tree that it waits for.
    awaited: Option<Arc<Tree>>,
    /// The states that it changed through guards.
    touched: HashSet<SlotId>,
    abort: Option<LockError>,
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

    pub(crate) fn enter(&self, tree: &Arc<Tree>) {
        lock(&self.state).held.push(address(tree));
    }

    pub(crate) fn leave(&self, tree: &Arc<Tree>, touched: &[SlotId]) {
        let mut state = lock(&self.state);
        if let Some(at) = state.held.iter().position(|held| *held == address(tree)) {
            state.held.swap_remove(at);
        }
        state.touched.extend(touched);
    }

    /// The handler has published these states, and goes on.
    pub(crate) fn touch(&self, touched: &[SlotId]) {
        lock(&self.state).touched.extend(touched);
    }

    /// The states that the handler changed through guards.
    pub(super) fn touched(&self) -> Vec<SlotId> {
        lock(&self.state).touched.iter().copied().collect()
    }

    /// Whether the handler was given this tree and holds it to its end.
    pub(crate) fn owns(&self, tree: &Arc<Tree>) -> bool {
        self.own == Some(address(tree))
    }

    /// Whether the handler locked this tree; the guard may have been moved elsewhere since.
    pub(crate) fn has_locked(&self, tree: &Arc<Tree>) -> bool {
        lock(&self.state).held.contains(&address(tree))
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

/// What a panicking handler said.
pub(super) fn panic_text(panic: &(dyn Any + Send)) -> String {
    if let Some(error) = panic.downcast_ref::<LockError>() {
        error.to_string()
    } else if let Some(text) = panic.downcast_ref::<&str>() {
        format!("the handler panicked: {text}")
    } else if let Some(text) = panic.downcast_ref::<String>() {
        format!("the handler panicked: {text}")
    } else {
        "the handler panicked".to_owned()
    }
}
