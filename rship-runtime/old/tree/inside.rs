//! Which target tree the code that runs now is inside of, so that locking it again is an error and
//! never a wait for itself.

use std::any::Any;
use std::future::Future;
use std::panic::resume_unwind;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use super::Tree;
use crate::error::LockError;

tokio::task_local! {
    static INSIDE: Arc<Inside>;
}

/// What a handler holds, and why it must stop if it must.
#[derive(Default)]
pub(crate) struct Inside {
    /// The address of the tree that it held from the start, if it did.
    own: Option<usize>,
    /// The addresses of the trees that it locked itself.
    held: Mutex<Vec<usize>>,
    abort: Mutex<Option<LockError>>,
}

/// The handler that runs now, if the caller is in one.
pub(crate) fn current() -> Option<Arc<Inside>> {
    INSIDE.try_with(Arc::clone).ok()
}

impl Inside {
    pub(crate) fn holding(tree: &Arc<Tree>) -> Arc<Self> {
        Arc::new(Self {
            own: Some(Arc::as_ptr(tree).addr()),
            ..Self::default()
        })
    }

    pub(crate) fn enter(&self, tree: &Arc<Tree>) {
        self.held().push(Arc::as_ptr(tree).addr());
    }

    pub(crate) fn leave(&self, tree: &Arc<Tree>) {
        let address = Arc::as_ptr(tree).addr();
        let mut held = self.held();
        if let Some(at) = held.iter().position(|held| *held == address) {
            held.swap_remove(at);
        }
    }

    pub(crate) fn holds(&self, tree: &Arc<Tree>) -> bool {
        let address = Arc::as_ptr(tree).addr();
        self.own == Some(address) || self.held().contains(&address)
    }

    /// Ends the handler with this error: its future is dropped instead of being polled again.
    pub(crate) async fn abort(&self, error: LockError) -> std::convert::Infallible {
        *self.reason() = Some(error);
        std::future::pending().await
    }

    /// Runs a handler's future to its end, or to the error that it ran into.
    pub(crate) async fn run<T>(
        self: Arc<Self>,
        future: impl Future<Output = T>,
    ) -> Result<T, LockError> {
        let mut future = pin!(INSIDE.scope(Arc::clone(&self), future));
        std::future::poll_fn(|context| match future.as_mut().poll(context) {
            Poll::Ready(value) => Poll::Ready(Ok(value)),
            Poll::Pending => match self.reason().take() {
                Some(error) => Poll::Ready(Err(error)),
                None => Poll::Pending,
            },
        })
        .await
    }

    /// Runs a handler that does not await.
    pub(crate) fn run_blocking<T>(self: Arc<Self>, work: impl FnOnce() -> T) -> T {
        INSIDE.sync_scope(self, work)
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Vec<usize>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reason(&self) -> std::sync::MutexGuard<'_, Option<LockError>> {
        self.abort.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends the calling handler, or the calling thread, with this error. It unwinds, because the caller was
/// promised a guard and there is none; the runner of handlers turns it into the command's error.
pub(crate) fn unwind(error: LockError) -> ! {
    resume_unwind(Box::new(error))
}

/// What a panicking handler said.
pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> String {
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
