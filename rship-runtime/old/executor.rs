//! The executor: what a device makes, adds its targets to, and runs.

use std::future::Future;
use std::io::Write as _;
use std::sync::Arc;

use rship_core::Target;
use rship_core::entity::{Instance, Item};
use rship_core::model::Model;
use rship_core::wire::Query;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::watch;
use tracing::info;

use crate::clock;
use crate::config::{Builder, Config, check_id};
use crate::console;
use crate::error::Error;
use crate::handle::{Handle, Scoped};
use crate::hub::{Hub, stopped};
use crate::instance::InstanceHandle;
use crate::manifest;
use crate::metrics::Metrics;
use crate::outbox::News;
use crate::requests::{self, CommandError, LiveQuery};
use crate::session;
use crate::status::Status;

/// Stands between a device and a Rocketship server: tells the server which targets there are, publishes
/// what changes, carries out what it is sent. Clones are the same executor.
#[derive(Clone)]
pub struct Executor {
    first: InstanceHandle,
}

impl Executor {
    /// An executor of this service, set up from the environment: `RSHIP_URL` (or `RSHIP_ADDRESS` and
    /// `RSHIP_PORT`), `RSHIP_WIRE`, `RSHIP_ENCODING`, `RSHIP_TOKEN`. With no address it looks for a local core.
    ///
    /// # Errors
    /// When the service id or a variable cannot be used.
    pub fn from_env(service: &str) -> Result<Self, Error> {
        Self::builder(service).build()
    }

    /// Sets up an executor of this service.
    pub fn builder(service: &str) -> Builder {
        Builder::new(service)
    }

    pub(crate) fn new(config: Config) -> Self {
        let instance = config.instance.clone();
        let hub = Arc::new(Hub::new(config));
        let index = hub.registry().add_instance(instance);
        Self {
            first: InstanceHandle { hub, index },
        }
    }

    fn hub(&self) -> &Arc<Hub> {
        &self.first.hub
    }

    /// Adds a target to the executor's first instance: see [`InstanceHandle::add`].
    ///
    /// # Errors
    /// When the id cannot be used or is taken, or when the type's description cannot be used.
    pub fn add<T: Target>(&self, id: &str, target: T) -> Result<Handle<T>, Error> {
        self.first.add(id, target)
    }

    /// Adds a target that goes offline when the returned guard is dropped.
    ///
    /// # Errors
    /// As [`add`](Executor::add).
    pub fn add_scoped<T: Target>(&self, id: &str, target: T) -> Result<Scoped<T>, Error> {
        self.first.add_scoped(id, target)
    }

    /// Adds a value whose type could not be annotated: see [`InstanceHandle::add_described`].
    ///
    /// # Errors
    /// As [`add`](Executor::add).
    pub fn add_described<T: Send + 'static>(
        &self,
        id: &str,
        target: T,
        model: Arc<Model<T>>,
    ) -> Result<Handle<T>, Error> {
        self.first.add_described(id, target, model)
    }

    /// A further instance of the same service, or one that was made before.
    ///
    /// # Errors
    /// When the id cannot be used.
    pub fn instance(&self, id: &str) -> Result<InstanceHandle, Error> {
        check_id("instance", id)?;
        let hub = Arc::clone(self.hub());
        let mut registry = hub.registry();
        let known = registry.instance_index(id);
        let index = match known {
            Some(index) => index,
            None => {
                let instance = Instance {
                    id: id.to_owned(),
                    name: id.to_owned(),
                    ..hub.config.instance.clone()
                };
                let index = registry.add_instance(instance);
                hub.outbox.news([News::Instance(index)]);
                index
            }
        };
        drop(registry);
        Ok(InstanceHandle { hub, index })
    }

    /// The executor's first instance.
    #[must_use]
    pub fn first_instance(&self) -> InstanceHandle {
        self.first.clone()
    }

    /// Runs until Ctrl-C, SIGTERM or [`shutdown`](Executor::shutdown): connects, tells everything,
    /// reconnects as often as needed, and in the end takes everything offline.
    ///
    /// In a program without a `tracing` subscriber it says on standard error how the connection is doing.
    ///
    /// When the program was started with `--manifest`, prints the whole tree as JSON instead, and
    /// returns.
    ///
    /// # Errors
    /// When it runs already, when signals cannot be watched, or when the manifest cannot be written.
    /// A server that is not there is no error: the executor goes on trying.
    pub async fn run(&self) -> Result<(), Error> {
        if std::env::args_os().any(|argument| argument == "--manifest") {
            return self.print_manifest();
        }
        let signal = interrupted()?;
        let run = self.run_until(signal);
        if tracing::dispatcher::has_been_set() {
            return run.await;
        }
        tokio::select! {
            ended = run => ended,
            never = console::speak(&self.hub().config.address, self.status()) => match never {},
        }
    }

    /// As [`run`](Executor::run), but until `end` is ready, with no eye on signals or arguments.
    ///
    /// # Errors
    /// When it runs already.
    pub async fn run_until(&self, end: impl Future<Output = ()>) -> Result<(), Error> {
        let hub = self.hub();
        let begun = hub.status.send_if_modified(|status| {
            let idle = *status == Status::Idle;
            if idle {
                *status = Status::Connecting;
            }
            idle
        });
        if !begun {
            return Err(Error::Running);
        }
        let _ended = Ended(hub);
        let mut stop = hub.stop.subscribe();
        let told = async {
            tokio::select! {
                () = end => {}
                () = stopped(&mut stop) => {}
            }
            info!("shutting down");
            hub.stop.send_replace(true);
        };
        let work = async {
            tokio::select! {
                () = session::supervise(hub) => {}
                () = clock::run(hub) => {}
                never = hub.runners.watch() => match never {},
            }
        };
        tokio::join!(told, work);
        Ok(())
    }

    /// Has [`run`](Executor::run) come to its end.
    pub fn shutdown(&self) {
        self.hub().stop.send_replace(true);
    }

    /// How the connection is doing, now and whenever that changes.
    #[must_use]
    pub fn status(&self) -> watch::Receiver<Status> {
        self.hub().status.subscribe()
    }

    /// What the executor has done so far.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        self.hub().counters.read()
    }

    /// Waits until everything that was said so far is on the wire; while the executor is offline, until
    /// it is online again, or has ended. Who publishes without pause keeps this waiting.
    pub async fn flush(&self) {
        self.hub().outbox.all_written().await;
    }

    /// The whole tree as JSON: instances, targets with their actions, emitters, schemas and
    /// sub-targets; needs no connection.
    #[must_use]
    pub fn manifest(&self) -> Value {
        manifest::write(self.hub())
    }

    /// Publishes an item of the device's own: stored by the server under its type and id, and told
    /// again on each session. One that is published already, with the same content, is not sent again.
    ///
    /// # Errors
    /// When the item cannot be written as a JSON object with its id in the field `id`.
    pub fn publish<I: Item>(&self, item: &I) -> Result<(), Error> {
        let hub = self.hub();
        if let Some(key) = hub.items.keep(item)? {
            hub.outbox.news([News::Item(key)]);
        }
        Ok(())
    }

    /// Deletes an item that was published, here and on the server; says whether it was there.
    pub fn delete<I: Item>(&self, id: &str) -> bool {
        let hub = self.hub();
        let key = (I::TYPE, id.to_owned());
        let json = hub.items.forget(&key);
        let was_there = json.is_some();
        hub.outbox
            .news(json.map(|json| News::ItemDeleted(key, json)));
        was_there
    }

    /// Asks the server for items, its own or others'; the answer is kept up to date, over reconnects
    /// too, until the returned value is dropped.
    pub fn query(&self, query: Query) -> LiveQuery {
        requests::query(self.hub(), query)
    }

    /// Sends a command to the server and waits for its answer, 10 s at most. `content` becomes the
    /// command's fields: a struct or a map; `()` for none.
    ///
    /// # Errors
    /// When the executor is offline, when the server refuses or does not answer, or when the content is
    /// no object.
    pub async fn command(&self, id: &str, content: &impl Serialize) -> Result<Value, CommandError> {
        requests::command(self.hub(), id, content).await
    }

    fn print_manifest(&self) -> Result<(), Error> {
        let mut out = std::io::stdout().lock();
        let written = serde_json::to_writer_pretty(&mut out, &self.manifest())
            .map_err(std::io::Error::from)
            .and_then(|()| writeln!(out));
        match written {
            // Whoever reads has seen enough, as `head` does.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            written => written.map_err(Error::Manifest),
        }
    }
}

/// Ends what `run` began, also when its future is dropped on the way.
struct Ended<'h>(&'h Hub);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.outbox.end();
        self.0.outbox.finish();
        self.0.set_status(Status::Stopped);
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
    let mut interrupt = tokio::signal::windows::ctrl_c().map_err(Error::Signal)?;
    Ok(async move {
        interrupt.recv().await;
    })
}
