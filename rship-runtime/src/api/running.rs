//! An executor that runs beside its program, without a runtime of the program's own.

use std::fmt;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use super::Executor;

/// An executor at work; it ends when this is dropped, or told to [`stop`](Running::stop).
#[must_use = "the executor ends again at once"]
pub struct Running {
    pub(super) executor: Executor,
    /// Disconnected when the executor has ended.
    pub(super) ended: Receiver<()>,
}

impl Running {
    /// The executor.
    #[must_use]
    pub fn executor(&self) -> &Executor {
        &self.executor
    }

    /// Whether it has ended, because somebody called [`shutdown`](Executor::shutdown).
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.executor.has_ended()
    }

    /// Ends the executor: everything is taken offline, what waits is sent. Waits for that, for as long as
    /// the shutdown time-out allows.
    pub fn stop(self) {
        drop(self);
    }

    /// Waits until somebody calls [`shutdown`](Executor::shutdown).
    pub fn wait(&self) {
        // Nothing is ever sent.
        let _ = self.ended.recv();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.executor.shutdown();
        // Waiting for handlers, and saying goodbye, take up to the shutdown time-out each.
        let limit = self.executor.shutdown_limit() * 2 + Duration::from_secs(1);
        if self.ended.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
            tracing::warn!(
                "the executor has not ended within {:.1} s",
                limit.as_secs_f64()
            );
        }
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").finish_non_exhaustive()
    }
}
