//! An executor at work on the connection thread, and what ends it.

use std::future::Future;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};

use tokio::task::JoinHandle;

use super::Executor;
use crate::connection_thread::ConnectionThread;
use crate::error::Error;
use crate::work;

/// An executor at work on the connection thread.
pub(super) struct Launched {
    pub(super) thread: Arc<ConnectionThread>,
    pub(super) task: JoinHandle<()>,
}

impl Launched {
    /// Ready when the program is told to end.
    pub(super) fn interrupted(&self) -> Result<impl Future<Output = ()> + Send + 'static, Error> {
        let _entered = self.thread.handle().enter();
        interrupted()
    }

    /// Waits for the end of the executor, which comes when `end` is ready, or when the executor is told.
    pub(super) async fn until(mut self, executor: &Executor, end: impl Future<Output = ()>) {
        let ending = EndWhenDropped(executor);
        tokio::select! {
            biased;
            () = end => {}
            _ = &mut self.task => return,
        }
        drop(ending);
        // It does not panic: what is the user's runs elsewhere.
        let _ = (&mut self.task).await;
    }

    /// Disconnected when the executor has ended, for those who wait in no runtime. Nothing is ever sent.
    pub(super) fn ended(self) -> Receiver<()> {
        let (running, ended) = mpsc::channel();
        let Self { thread, task } = self;
        let handle = thread.handle().clone();
        work::spawn(&handle, async move {
            let _thread = thread;
            let _ = task.await;
            drop(running);
        });
        ended
    }
}

/// Ends the executor also when the future of `run` is dropped on the way.
struct EndWhenDropped<'e>(&'e Executor);

impl Drop for EndWhenDropped<'_> {
    fn drop(&mut self) {
        self.0.shutdown();
    }
}

#[cfg(unix)]
fn interrupted() -> Result<impl Future<Output = ()>, Error> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Error::Signal)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(Error::Signal)?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(windows)]
fn interrupted() -> Result<impl Future<Output = ()>, Error> {
    use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_shutdown};
    let mut interrupt = ctrl_c().map_err(Error::Signal)?;
    let mut stop = ctrl_break().map_err(Error::Signal)?;
    // The system ends the process 5 s after these, whatever it does.
    let mut close = ctrl_close().map_err(Error::Signal)?;
    let mut shutdown = ctrl_shutdown().map_err(Error::Signal)?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = stop.recv() => {}
            _ = close.recv() => {}
            _ = shutdown.recv() => {}
        }
    })
}
