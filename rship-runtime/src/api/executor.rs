//! The executor: what a device makes, adds its targets to, and runs.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use rship_core::Target;
use rship_core::entity::{Instance, Item};
use rship_core::model::Model;
use rship_core::wire::Query;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::watch;
use tracing::info;

use super::launched::Launched;
use super::{Builder, Handle, InstanceHandle, Running, Scoped, console, manifest};
use crate::command::{CommandError, Desk, LiveQuery, Outgoing, Router};
use crate::connection_thread::ConnectionThread;
use crate::error::Error;
use crate::journal::{Journal, alert};
use crate::metrics::{Counters, Metrics};
use crate::mistake::Mistake;
use crate::outbox::{Change, Items, Outbox};
use crate::session::{self, Parts, Status};
use crate::settings::{Settings, check_id};
use crate::target::{Context, HandlerRuntime, Keep, Registry, Tree};
use crate::work;
use crate::world;

/// The parts of one executor, put together. Only the `api` folder sees all of them.
pub(super) struct Engine {
    pub(super) parts: Arc<Parts>,
    pub(super) context: Arc<Context>,
    /// Becomes true when the executor is to end.
    shutdown: watch::Sender<bool>,
}

impl Engine {
    fn new(settings: Settings, keep: Option<Keep>) -> Self {
        let counters = Arc::new(Counters::default());
        let journal = Arc::new(Journal::default());
        let registry = Arc::new(Registry::default());
        let outbox = Arc::new(Outbox::new(
            settings.limits.clone(),
            Arc::clone(&counters),
            Arc::clone(&journal),
        ));
        let keeper = keep.map(|keep| keep(&counters, &journal));
        let context = Context::new(&settings, &outbox, (&counters, &journal), &registry, keeper);
        let desk = Arc::new(Desk {
            outbox: Arc::clone(&outbox),
            counters: Arc::clone(&counters),
            journal: Arc::clone(&journal),
        });
        let parts = Parts {
            router: Router {
                desk,
                registry: Arc::clone(&registry),
            },
            outgoing: Arc::new(Outgoing::new(&outbox)),
            settings,
            registry,
            outbox,
            items: Items::default(),
            counters,
            journal,
            status: watch::Sender::new(Status::Idle),
            stop: watch::Sender::new(false),
        };
        Self {
            parts: Arc::new(parts),
            context,
            shutdown: watch::Sender::new(false),
        }
    }

    /// All that an executor does on the connection thread, from its beginning to its end.
    async fn run(self: Arc<Self>) {
        let context = &self.context;
        let ending = async {
            let mut shutdown = self.shutdown.subscribe();
            session::stopped(&mut shutdown).await;
            info!("shutting down");
            self.end_handlers().await;
            if let Some(keeper) = &context.keeper {
                keeper.hurry();
            }
            self.parts.stop.send_replace(true);
            std::future::pending().await
        };
        // Each is polled when it was woken itself: a frame wakes the session and nobody else.
        let work: [BoxFuture<'_, ()>; 8] = [
            Box::pin(session::supervise(Arc::clone(&self.parts))),
            Box::pin(async { match context.sampling.run().await {} }),
            Box::pin(async { match context.attention.run().await {} }),
            Box::pin(async { match self.parts.outbox.keep_pace().await {} }),
            Box::pin(async { match self.parts.journal.run().await {} }),
            Box::pin(async { match self.console().await {} }),
            Box::pin(async { match self.keep().await {} }),
            Box::pin(ending),
        ];
        // The sessions alone come to an end.
        FuturesUnordered::from_iter(work).next().await;
        self.parts.outbox.finish();
        if let Some(keeper) = &context.keeper {
            let limit = self.parts.settings.timing.shutdown;
            Arc::clone(keeper).end(limit).await;
        }
        if world::makes(Mistake::LeavesATask) {
            tokio::spawn(std::future::pending::<()>());
        }
        self.parts.set_status(Status::Stopped);
    }

    /// Keeps states over a restart, if that is wanted.
    async fn keep(&self) -> std::convert::Infallible {
        match &self.context.keeper {
            Some(keeper) => Arc::clone(keeper).run().await,
            None => std::future::pending().await,
        }
    }

    /// Says on standard error what the program's log does not show of the connection.
    async fn console(&self) -> std::convert::Infallible {
        if world::is_tests() {
            return std::future::pending().await;
        }
        let address = &self.parts.settings.server.access.address;
        console::speak(address, self.parts.status.subscribe()).await
    }

    /// Ends all that handlers do: what has no answer gets one, what can be cancelled is, and what blocks
    /// its thread is waited for, within the shutdown time-out.
    async fn end_handlers(&self) {
        let until = world::now() + self.parts.settings.timing.shutdown;
        let trees: Vec<Arc<Tree>> = self.parts.registry.targets().trees().cloned().collect();
        self.context.end();
        for tree in &trees {
            tree.refuse_all();
        }
        let limit = until.saturating_duration_since(world::now());
        let cancelled = tokio::time::timeout(limit, self.context.tasks.end()).await;
        loop {
            let at_work: Vec<_> = trees.iter().filter_map(|tree| tree.at_work()).collect();
            if at_work.is_empty() && cancelled.is_ok() {
                return;
            }
            if world::now() >= until {
                let what = match &*at_work {
                    [] => "a task that does not let itself be cancelled".to_owned(),
                    at_work => at_work.join(", "),
                };
                let limit = self.parts.settings.timing.shutdown.as_secs_f64();
                return alert(&format!(
                    "the executor ends, but not all that it runs has ended within {limit:.1} s: {what}"
                ));
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

/// Stands between a device and a Rocketship server: tells the server which targets there are, publishes
/// what changes, carries out what it is sent. Clones are the same executor.
#[derive(Clone)]
pub struct Executor {
    first: InstanceHandle,
}

impl Executor {
    /// An executor of this service, set up from the environment: `RSHIP_URL` (or `RSHIP_ADDRESS` and
    /// `RSHIP_PORT`), `RSHIP_WIRE`, `RSHIP_ENCODING`, `RSHIP_TOKEN` or `RSHIP_TOKEN_FILE`, `RSHIP_CA`, `RSHIP_CERT`
    /// and `RSHIP_KEY`. With no address it looks for a local core.
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

    pub(super) fn new(settings: Settings, keep: Option<Keep>) -> Self {
        let instance = settings.instance.clone();
        let engine = Arc::new(Engine::new(settings, keep));
        let index = engine.parts.registry.targets().add_instance(instance);
        Self {
            first: InstanceHandle { engine, index },
        }
    }

    fn engine(&self) -> &Arc<Engine> {
        &self.first.engine
    }

    fn parts(&self) -> &Parts {
        &self.first.engine.parts
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
        let engine = Arc::clone(self.engine());
        let parts = &engine.parts;
        if parts.outbox.has_ended() {
            return Err(Error::Ended);
        }
        let mut targets = parts.registry.targets();
        let known = targets.instance_index(id);
        let index = known.unwrap_or_else(|| {
            let instance = Instance {
                id: id.to_owned(),
                name: id.to_owned(),
                ..parts.settings.instance.clone()
            };
            let index = targets.add_instance(instance);
            parts.outbox.changed([Change::Instance(index)]);
            index
        });
        drop(targets);
        Ok(InstanceHandle { engine, index })
    }

    /// The executor's first instance.
    #[must_use]
    pub fn first_instance(&self) -> InstanceHandle {
        self.first.clone()
    }

    /// Runs until Ctrl-C, SIGTERM or [`shutdown`](Executor::shutdown): connects, tells everything,
    /// reconnects as often as needed, and in the end takes everything offline.
    ///
    /// The connection has a thread of its own; handlers run on threads of the executor's, inside the
    /// runtime that this is called in.
    ///
    /// Why it is offline is said on standard error, unless the program's log shows warnings; in a program
    /// without a log, also that it is online.
    ///
    /// When the program was started with `--manifest`, or with `RSHIP_MANIFEST=1` in its environment,
    /// prints the whole tree as JSON instead, and ends the process; so do the other ways to run.
    ///
    /// # Errors
    /// When it runs already, when signals cannot be watched, or when the manifest cannot be written.
    /// A server that is not there is not an error: the executor goes on trying.
    pub async fn run(&self) -> Result<(), Error> {
        self.running().await
    }

    /// Boxed here, because a future that is not is compiled into the program once for each place that polls
    /// it: for `main` alone, three.
    fn running(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async {
            let launched = self.launch()?;
            let signal = launched.interrupted()?;
            launched.until(self, signal).await;
            Ok(())
        })
    }

    /// As [`run`](Executor::run), but until `end` is ready, with no eye on signals.
    ///
    /// # Errors
    /// When it runs already.
    pub async fn run_until(&self, end: impl Future<Output = ()>) -> Result<(), Error> {
        let launched = self.launch()?;
        launched.until(self, end).await;
        Ok(())
    }

    /// As [`run`](Executor::run), for a program without a runtime: blocks the calling thread. `async`
    /// handlers run in a runtime of the executor's own.
    ///
    /// # Errors
    /// As [`run`](Executor::run).
    pub fn run_blocking(&self) -> Result<(), Error> {
        let launched = self.launch()?;
        let signal = launched.interrupted()?;
        let executor = self.clone();
        let watching = work::spawn(launched.thread.handle(), async move {
            signal.await;
            executor.shutdown();
        });
        // Nothing is ever sent.
        let _ = launched.ended().recv();
        watching.abort();
        Ok(())
    }

    /// Runs beside the calling thread, for a program whose main thread belongs to something else; needs
    /// no runtime, and has no eye on signals. Ends when the returned value is dropped.
    ///
    /// # Errors
    /// As [`run`](Executor::run).
    pub fn start(&self) -> Result<Running, Error> {
        Ok(Running {
            executor: self.clone(),
            ended: self.launch()?.ended(),
        })
    }

    fn launch(&self) -> Result<Launched, Error> {
        let engine = self.engine();
        manifest::print_if_wanted(engine)?;
        let thread = ConnectionThread::get().map_err(Error::Thread)?;
        let runtime = HandlerRuntime::get().map_err(Error::Thread)?;
        let begun = self.parts().status.send_if_modified(|status| {
            let idle = *status == Status::Idle;
            if idle {
                *status = Status::Connecting;
            }
            idle
        });
        if !begun {
            return Err(Error::Running);
        }
        if let Some(handle) = runtime.handle() {
            if thread.is_tests() {
                engine.context.set_stage(handle);
            } else {
                engine.context.set_runtime(handle);
            }
        }
        let own = (Arc::clone(&thread), Arc::clone(engine));
        let task = work::spawn(thread.handle(), async move {
            let (_thread, engine) = own;
            engine.run().await;
            drop(runtime);
        });
        Ok(Launched { thread, task })
    }

    /// Whether it has ended.
    pub(super) fn has_ended(&self) -> bool {
        self.parts().outbox.has_ended()
    }

    pub(super) fn shutdown_limit(&self) -> Duration {
        self.parts().settings.timing.shutdown
    }

    /// Has [`run`](Executor::run) come to its end.
    pub fn shutdown(&self) {
        self.engine().shutdown.send_replace(true);
    }

    /// How the connection is doing, now and whenever that changes.
    #[must_use]
    pub fn status(&self) -> watch::Receiver<Status> {
        self.parts().status.subscribe()
    }

    /// What the executor has done so far.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        self.parts().counters.read()
    }

    /// Waits until everything that was said so far is on the wire; while the executor is offline, until
    /// it is online again, or has ended. Who publishes without pause keeps this waiting.
    pub async fn flush(&self) {
        self.parts().outbox.all_written().await;
    }

    /// The whole tree as JSON: instances, targets with their actions, emitters, schemas and
    /// sub-targets; needs no connection.
    #[must_use]
    pub fn manifest(&self) -> Value {
        manifest::write(self.engine())
    }

    /// Whether [`run`](Executor::run) and its like will print the manifest and end the process, because the
    /// program was started with `--manifest`, or with `RSHIP_MANIFEST=1` in its environment. A device may
    /// leave its hardware alone then.
    #[must_use]
    pub fn wants_manifest(&self) -> bool {
        manifest::is_wanted()
    }

    /// Publishes an item of the device's own: stored by the server under its type and id, and told
    /// again on each session. One that is published already, with the same content, is not sent again.
    ///
    /// # Errors
    /// When the item cannot be written as a JSON object with its id in the field `id`.
    pub fn publish<I: Item>(&self, item: &I) -> Result<(), Error> {
        let parts = self.parts();
        if parts.outbox.has_ended() {
            return Err(Error::Ended);
        }
        let kept = parts.items.keep(item, parts.settings.limits.message);
        if matches!(kept, Err(Error::TooLarge { .. })) {
            parts.counters.values_refused.add(1);
        }
        if let Some(key) = kept? {
            parts.outbox.item(key);
        }
        Ok(())
    }

    /// Deletes an item that was published, here and on the server; says whether it was there.
    pub fn delete<I: Item>(&self, id: &str) -> bool {
        let parts = self.parts();
        let key = (I::TYPE, id.to_owned());
        let Some(item) = parts.items.forget(&key) else {
            return false;
        };
        // What no server was told of, none needs to delete.
        let json = item.announced.then_some(item.json);
        parts.outbox.item_deleted(key, json);
        true
    }

    /// Asks the server for items, its own or others'; the answer is kept up to date, over reconnects
    /// too, until the returned value is dropped.
    pub fn query(&self, query: Query) -> LiveQuery {
        self.parts().outgoing.query(query)
    }

    /// Sends a command to the server and waits for its answer, 10 s at most. `content` becomes the
    /// command's fields: a struct or a map; `()` for none.
    ///
    /// # Errors
    /// When the executor is offline, when the server refuses or does not answer, or when the content is
    /// not an object.
    pub async fn command(&self, id: &str, content: &impl Serialize) -> Result<Value, CommandError> {
        self.parts().outgoing.command(id, content).await
    }
}
