//! Jobs: one action on one target, carried out off the socket's task and answered exactly once.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use futures_util::FutureExt as _;
use rship_core::descriptor::{ActionDescriptor, ActionMode};
use rship_core::id;
use rship_core::model::{ActionError, Reply, Running};
use serde_json::Value;
use tokio::sync::oneshot;
use tracing::{Instrument as _, debug, info_span, warn};

use super::inside::{Inside, panic_text};
use super::{Look, Tree, TreeState};
use crate::answers::{Outcome, Part};
use crate::error::LockError;
use crate::handle::RawHandle;
use crate::registry::Way;

/// Long actions of one tree that may run at a time.
const LONG_ACTIONS: usize = 256;

/// `restart` actions of one tree that are remembered before those that are done are swept out.
const SWEPT_RESTARTS: usize = 64;

/// One action to carry out on one target.
pub(crate) struct Job {
    pub(crate) way: Arc<Way>,
    pub(crate) action: usize,
    pub(crate) payload: Value,
    pub(crate) answer: Part,
    /// Ready when a newer run takes over.
    pub(crate) superseded: Option<oneshot::Receiver<()>>,
}

impl Job {
    /// Answers without carrying anything out.
    pub(crate) fn refuse(self, why: &str) {
        self.answer.done(Err(why.to_owned()));
    }

    /// Makes this the newest run of its action, if the action is one that restarts.
    pub(super) fn supersede(&mut self, tree: &Tree) {
        if self.descriptor().is_some_and(|action| action.restart) {
            let (sender, receiver) = oneshot::channel();
            let mut restarts = tree.restarts.lock().unwrap_or_else(PoisonError::into_inner);
            if restarts.len() >= SWEPT_RESTARTS {
                // Members that come and go would leave theirs behind.
                restarts.retain(|_, run| !run.is_closed());
            }
            // The sender that falls out here cancels the run before.
            restarts.insert((Arc::clone(&self.way.target), self.action), sender);
            self.superseded = Some(receiver);
        }
    }

    /// Checks the payload; what is wrong with it, if anything is.
    pub(super) fn check(&mut self) -> Result<(), String> {
        let unknown = self.way.model.prepare(self.action, &mut self.payload);
        for argument in unknown.map_err(|error| self.name().says(&error))? {
            let action = self.descriptor().map(|action| &*action.id);
            warn!(
                target_id = &*self.way.target,
                action, argument, "the action has no such argument"
            );
        }
        Ok(())
    }

    fn name(&self) -> Name {
        Name {
            way: Arc::clone(&self.way),
            action: self.action,
        }
    }

    fn descriptor(&self) -> Option<&ActionDescriptor> {
        self.way.model.descriptor().actions.get(self.action)
    }

    /// Carries the action out; returns when the next job of the tree may begin.
    pub(crate) async fn run(mut self, tree: &Arc<Tree>) {
        let name = self.name();
        let Some(action) = name.descriptor() else {
            return self.refuse("the action is not of this target");
        };
        let span = info_span!("action", target_id = &*self.way.target, action = action.id);
        if let Some(superseded) = &mut self.superseded
            && superseded.try_recv() != Err(oneshot::error::TryRecvError::Empty)
        {
            return self.refuse(&superseded_by(&action.id));
        }
        if tree.removed.load(Ordering::Acquire) {
            return self.refuse(&gone(&name.way.target));
        }
        match action.mode {
            ActionMode::Exclusive => self.run_exclusive(tree, name).instrument(span).await,
            ActionMode::Blocking => self.run_blocking(tree, name).instrument(span).await,
            ActionMode::Detached => self.run_detached(tree, name, span),
        }
    }

    async fn run_exclusive(self, tree: &Arc<Tree>, name: Name) {
        let mut state = Arc::clone(&tree.state).lock_owned().await;
        let outcome = tokio::select! {
            biased;
            () = taken_over(self.superseded) => Err(superseded_by(name.action())),
            outcome = name.call_on(&mut state, self.payload, Inside::holding(tree)) => outcome,
        };
        state.publish(tree, Look::Along(&name.way.path));
        drop(state);
        self.answer.done(outcome);
    }

    async fn run_blocking(self, tree: &Arc<Tree>, name: Name) {
        let mut state = Arc::clone(&tree.state).lock_owned().await;
        let tree = Arc::clone(tree);
        let worked = tokio::task::spawn_blocking(move || {
            // A blocking handler is no future, so this one is ready when it is first polled.
            let call = name.call_on(&mut state, self.payload, Inside::holding(&tree));
            let outcome = call.now_or_never();
            state.publish(&tree, Look::Along(&name.way.path));
            drop(state);
            let never = || Err("a blocking action cannot await".to_owned());
            self.answer.done(outcome.unwrap_or_else(never));
        });
        // A job that could not be run answers when it is dropped.
        if let Err(error) = worked.await {
            debug!(%error, "a blocking action ended early");
        }
    }

    fn run_detached(self, tree: &Arc<Tree>, name: Name, span: tracing::Span) {
        if tree.detached.fetch_add(1, Ordering::AcqRel) >= LONG_ACTIONS {
            tree.detached.fetch_sub(1, Ordering::AcqRel);
            return self.refuse(&format!(
                "{LONG_ACTIONS} long actions run on this target already"
            ));
        }
        let handle = RawHandle {
            tree: Arc::clone(tree),
            path: Arc::clone(&self.way.path),
            target: Arc::clone(&self.way.target),
        };
        let running = Counted(Arc::clone(tree));
        let work = async move {
            let _running = running;
            let Self {
                way,
                payload,
                action,
                superseded,
                answer,
            } = self;
            // Called inside the future, because a handler's first lines are user code too.
            let called =
                AssertUnwindSafe(
                    async move { way.model.call_detached(action, &handle, payload).await },
                )
                .catch_unwind();
            let reply = tokio::select! {
                biased;
                () = taken_over(superseded) => Err(superseded_by(name.action())),
                ended = Arc::<Inside>::default().run(called) => name.ended(ended),
            };
            answer.done(reply);
        };
        tokio::spawn(work.instrument(span));
    }
}

/// A long action that runs, for as long as it does.
struct Counted(Arc<Tree>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.detached.fetch_sub(1, Ordering::AcqRel);
    }
}

async fn taken_over(superseded: Option<oneshot::Receiver<()>>) {
    match superseded {
        // Nothing is ever sent: the sender is dropped when a newer run takes its place.
        Some(superseded) => drop(superseded.await),
        None => std::future::pending().await,
    }
}

fn superseded_by(action: &str) -> String {
    format!("cancelled: a newer `{action}` took over")
}

fn gone(target: &str) -> String {
    format!("target `{target}` is no longer there")
}

/// Which action it is.
struct Name {
    way: Arc<Way>,
    action: usize,
}

impl Name {
    fn descriptor(&self) -> Option<&ActionDescriptor> {
        self.way.model.descriptor().actions.get(self.action)
    }

    fn action(&self) -> &str {
        self.descriptor().map_or("", |action| &action.id)
    }

    /// Calls a handler that takes the target itself.
    async fn call_on(&self, state: &mut TreeState, payload: Value, inside: Arc<Inside>) -> Outcome {
        let Some(value) = state.target_mut(&self.way.path) else {
            return Err(gone(&self.way.target));
        };
        let called = catch_unwind(AssertUnwindSafe(|| {
            let call = || self.way.model.call(self.action, value, payload);
            Arc::clone(&inside).run_blocking(call)
        }));
        match called {
            Err(panic) => Err(self.says(&panic_text(&*panic))),
            Ok(Running::Done(reply)) => self.said(reply),
            Ok(Running::Future(future)) => {
                let future = AssertUnwindSafe(future).catch_unwind();
                self.ended(inside.run(future).await)
            }
        }
    }

    fn ended(&self, ended: Result<Result<Reply, Box<dyn Any + Send>>, LockError>) -> Outcome {
        match ended {
            Ok(Ok(reply)) => self.said(reply),
            Ok(Err(panic)) => Err(self.says(&panic_text(&*panic))),
            Err(error) => Err(self.says(&error)),
        }
    }

    /// An error that is not in the handler's own words.
    fn says(&self, why: &dyn std::fmt::Display) -> String {
        format!(
            "action `{}`: {why}",
            id::member(&self.way.target, self.action())
        )
    }

    fn said(&self, reply: Reply) -> Outcome {
        reply.map_err(|error| match error {
            ActionError::Payload(error) => self.says(&error),
            ActionError::Failed(text) => text,
        })
    }
}
