//! Executors that run on a thread of their own, on runtimes of every flavor: what handlers do to their
//! runtime is not done to the test's.

use std::thread::{self, JoinHandle};

use rship_runtime::{Error, Executor, Status};
use tokio::runtime::Builder;
use tokio::sync::watch;

use crate::within;

/// How a program runs its executor, until that ends.
pub type Host = fn(&Executor) -> Result<(), Error>;

/// On a runtime of one thread.
///
/// # Errors
/// As the executor's.
pub fn on_current_thread(executor: &Executor) -> Result<(), Error> {
    let runtime = Builder::new_current_thread().enable_all().build();
    let run = executor.run_until(std::future::pending());
    runtime.expect("a runtime").block_on(run)
}

/// On a runtime of two workers.
///
/// # Errors
/// As the executor's.
pub fn on_two_workers(executor: &Executor) -> Result<(), Error> {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let run = executor.run_until(std::future::pending());
    runtime.expect("a runtime").block_on(run)
}

/// A running executor, ended when this is dropped.
pub struct Hosted {
    executor: Executor,
    status: watch::Receiver<Status>,
    thread: Option<JoinHandle<Result<(), Error>>>,
}

impl Hosted {
    /// Begins to run.
    #[must_use]
    pub fn start(executor: &Executor, host: Host) -> Self {
        let runner = executor.clone();
        Self {
            executor: executor.clone(),
            status: executor.status(),
            thread: Some(thread::spawn(move || host(&runner))),
        }
    }

    /// Waits for a status.
    pub async fn wait(&mut self, what: &str, is: impl FnMut(&Status) -> bool) -> Status {
        within(what, self.status.wait_for(is))
            .await
            .expect("the executor is there")
            .clone()
    }

    /// Ends it, and waits until it has ended.
    pub async fn stop(mut self) {
        self.executor.shutdown();
        let thread = self.thread.take().expect("it is joined once");
        let joined = tokio::task::spawn_blocking(move || thread.join());
        let joined = within("end of the executor", joined).await;
        let ended = joined.expect("no panic of the test").expect("no panic");
        ended.expect("a clean end");
    }
}

impl Drop for Hosted {
    fn drop(&mut self) {
        self.executor.shutdown();
    }
}

impl std::fmt::Debug for Hosted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Hosted").finish()
    }
}
