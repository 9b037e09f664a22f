//! An executor at work, and the local core that it works with.

use std::time::Duration;

use rship_dev::LocalCore;
use rship_runtime::{Error, Executor, Generation, Status};
use serde_json::Value;
use tokio::task::JoinHandle;

use crate::within;

/// A local core of this generation that keeps the frames it gets.
pub async fn core(generation: Generation) -> LocalCore {
    LocalCore::builder()
        .generation(generation)
        .record(true)
        .start()
        .await
        .expect("a free port")
}

/// An executor of service `bluth`, instance `stand-1`, that comes back quickly.
pub fn builder(url: &str) -> rship_runtime::Builder {
    Executor::builder("bluth")
        .url(url)
        .instance_id("stand-1")
        .machine_id("pier")
        .backoff(Duration::from_millis(5), Duration::from_millis(50))
        // Only tests of silence and of servers that cannot be reached wait for these.
        .connect_timeout(crate::LIMIT)
        .handshake_timeout(crate::LIMIT)
        .keepalive(Duration::from_secs(3), crate::LIMIT)
}

/// The same, made.
#[must_use]
pub fn executor(url: &str) -> Executor {
    builder(url).build().expect("an executor")
}

/// An executor that runs in a task of its own until it is stopped or this is dropped.
#[derive(Debug)]
pub struct Running {
    stop: tokio::sync::watch::Receiver<Status>,
    shutdown: Option<Shutdown>,
    task: JoinHandle<Result<(), Error>>,
}

struct Shutdown(Executor);

impl std::fmt::Debug for Shutdown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shutdown")
    }
}

impl Running {
    /// Begins to run.
    #[must_use]
    pub fn start(executor: &Executor) -> Self {
        let runner = executor.clone();
        Self {
            stop: executor.status(),
            shutdown: Some(Shutdown(executor.clone())),
            task: tokio::spawn(async move { runner.run_until(std::future::pending()).await }),
        }
    }

    /// Begins to run and waits until everything was told.
    pub async fn online(executor: &Executor) -> Self {
        let mut running = Self::start(executor);
        running
            .wait("online", |status| matches!(status, Status::Online { .. }))
            .await;
        running
    }

    /// Waits for a status.
    pub async fn wait(&mut self, what: &str, is: impl FnMut(&Status) -> bool) -> Status {
        within(what, self.stop.wait_for(is))
            .await
            .expect("the executor is there")
            .clone()
    }

    /// Ends it, and waits until it has ended.
    pub async fn stop(mut self) {
        if let Some(Shutdown(executor)) = self.shutdown.take() {
            executor.shutdown();
        }
        let ended = within("end of the executor", &mut self.task).await;
        ended.expect("no panic").expect("a clean end");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What is `data` of the pulse of this emitter in the core's store, whatever the pulse's id is made of.
#[must_use]
pub fn pulse(core: &LocalCore, instance: &str, emitter: &str) -> Option<Value> {
    let id = match core.generation() {
        Generation::V2026 => format!("{emitter}:{instance}"),
        _ => emitter.to_owned(),
    };
    core.item("Pulse", &id).map(|pulse| pulse["data"].clone())
}
