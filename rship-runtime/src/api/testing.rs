//! Testing a device without a socket, a core or a thread: its actions, called as a show calls them.
//!
//! The checks of arguments, the order of actions, locks, time-outs and publishing are the executor's own;
//! only that all of it runs as tasks of the test's runtime, by the test's clock. So time that is paused
//! (`#[tokio::test(start_paused = true)]`, with tokio's feature `test-util`) passes at once where all wait
//! for it.
//!
//! ```
//! use rship_runtime::prelude::*;
//! use rship_runtime::testing::TestTarget;
//! use serde_json::json;
//!
//! /// A light that can be dimmed.
//! #[derive(Target)]
//! struct Lamp {
//!     #[emitter]
//!     #[action(min = 0, max = 1)]
//!     level: f64,
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let lamp = TestTarget::new("lamp", Lamp { level: 0.0 })?;
//! lamp.call("set-level", json!(0.5)).await?;
//! assert_eq!(lamp.value("level"), Some(0.5));
//! assert_eq!(lamp.pulses(), [("lamp:level".to_owned(), json!(0.5))]);
//! let refused = lamp.call("set-level", json!(2)).await.unwrap_err();
//! assert!(refused.contains("expected a number from"), "{refused}");
//! # Ok(())
//! # }
//! ```

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rship_core::wire::{Encoding, Generation};
use rship_core::{Target, id};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

use super::{Executor, Handle};
use crate::error::Error;
use crate::outbox::{Epoch, SlotId};
use crate::target::{Complete, HandlerRuntime, Job, Of, Outcome};
use crate::world;

#[doc(hidden)]
pub use crate::mistake::Mistake;
pub use crate::world::World;

/// A pulse: the id of its emitter, and its value.
pub type Pulse = (String, Value);

/// A target in a test. It is a [`Handle`] to it, too.
pub struct TestTarget<T> {
    executor: Executor,
    handle: Handle<T>,
    pulses: Arc<Mutex<Vec<Pulse>>>,
    epoch: Epoch,
    /// The clock of the values that are looked at by it.
    clock: AbortHandle,
    /// Keeps a runtime of ours alive where the test has none.
    _runtime: HandlerRuntime,
}

impl<T: Target> TestTarget<T> {
    /// Adds a target under this id to an executor of its own that never connects.
    ///
    /// # Errors
    /// When the id or the type's description cannot be used.
    pub fn new(id: &str, target: T) -> Result<Self, Error> {
        let executor = Executor::builder("test")
            .url("ws://127.0.0.1/myko")
            .generation(Generation::V2026)
            .encoding(Encoding::Json)
            .build()?;
        let runtime = HandlerRuntime::get().map_err(Error::Thread)?;
        let engine = executor.first_instance().engine;
        let pulses = Arc::new(Mutex::new(Vec::new()));
        let witness = Arc::clone(&pulses);
        engine
            .parts
            .outbox
            .set_witness(Box::new(move |emitter, json| {
                // What was written as JSON can be read.
                let data = serde_json::from_slice(json).unwrap_or_default();
                locked(&witness).push((emitter.to_owned(), data));
            }));
        let context = Arc::clone(&engine.context);
        let tokio = runtime.handle().ok_or(Error::Ended)?;
        context.set_stage(tokio.clone());
        let clock = tokio.spawn(async move { match context.sampling.run().await {} });
        let epoch = engine.parts.outbox.connected();
        let handle = executor.add(id, target)?;
        // What it is at first is no news.
        locked(&pulses).clear();
        Ok(Self {
            executor,
            handle,
            pulses,
            epoch,
            clock: clock.abort_handle(),
            _runtime: runtime,
        })
    }
}

impl<T: Target> TestTarget<T> {
    /// Calls an action, and waits for its answer. `route` is an action of the target itself,
    /// `hub.outputs.3:route` one of a sub-target.
    ///
    /// # Errors
    /// The text that the server would be answered with.
    pub async fn call(&self, action: &str, payload: Value) -> Result<Value, String> {
        let whole = self.whole(action);
        let engine = self.executor.first_instance().engine;
        let (target, action) = {
            let targets = engine.parts.registry.targets();
            let found = targets.table.resolve(&whole, None, None);
            let ((target, action), _) = found.map_err(|error| error.to_string())?.split();
            (Arc::clone(target), action)
        };
        if !target.allows(action) {
            return Err(format!("action `{whole}` is not available now"));
        }
        let (sender, mut answer) = oneshot::channel();
        let answering = Box::new(Answering(Some(sender)));
        let arrived = world::now();
        let tree = Arc::clone(self.handle.tree());
        let job = Job::new(target, action, payload, (self.epoch, arrived), answering);
        let deadline = job.deadline(&tree);
        tree.submit(job);
        let outcome = match deadline {
            None => answer.await,
            Some(deadline) => {
                let late = tokio::time::sleep(deadline.saturating_duration_since(arrived));
                tokio::select! {
                    biased;
                    outcome = &mut answer => outcome,
                    () = late => {
                        tree.answer_late(deadline);
                        answer.await
                    }
                }
            }
        };
        outcome.unwrap_or_else(|_| Err(format!("action `{whole}` ended without an answer")))
    }

    /// The last value of a state, if there is one that can be read as a `V`: `label` is an emitter of the
    /// target itself, `hub.outputs.3:label` one of a sub-target.
    #[must_use]
    pub fn value<V: DeserializeOwned>(&self, emitter: &str) -> Option<V> {
        let whole = self.whole(emitter);
        let (target, emitter) = whole.rsplit_once(':')?;
        let engine = self.executor.first_instance().engine;
        let targets = engine.parts.registry.targets();
        let target = targets.table.destinations(target).next()?;
        let position = target.model.descriptor().emitter_position(emitter)?;
        serde_json::from_slice(&target.sources[position].newest()?).ok()
    }

    /// What was pulsed since the target was made or this was asked last, in order: changes of states, and
    /// impulses, each with the whole id of its emitter.
    #[must_use]
    pub fn pulses(&self) -> Vec<Pulse> {
        std::mem::take(&mut locked(&self.pulses))
    }

    fn whole(&self, member: &str) -> String {
        if member.contains(':') {
            member.to_owned()
        } else {
            id::member(self.handle.id(), member)
        }
    }
}

struct Answering(Option<oneshot::Sender<Outcome>>);

impl Complete for Answering {
    fn complete(mut self: Box<Self>, _: Of<'_>, outcome: Outcome, _: &[SlotId]) {
        if let Some(sender) = self.0.take() {
            // The test may not wait for it any more.
            let _ = sender.send(outcome);
        }
    }

    fn forget(self: Box<Self>) {}
}

fn locked(pulses: &Mutex<Vec<Pulse>>) -> MutexGuard<'_, Vec<Pulse>> {
    pulses.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T> Deref for TestTarget<T> {
    type Target = Handle<T>;

    fn deref(&self) -> &Handle<T> {
        &self.handle
    }
}

impl<T> Drop for TestTarget<T> {
    fn drop(&mut self) {
        self.clock.abort();
    }
}

impl<T: Target> fmt::Debug for TestTarget<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TestTarget").field(&self.handle).finish()
    }
}
