//! Jobs: one action on one target, carried out off the socket's task and answered exactly once.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use futures_util::FutureExt as _;
use rship_core::descriptor::{ActionDescriptor, ActionMode};
use rship_core::id;
use rship_core::model::{ActionError, AnyModel, Reply, Running};
use serde_json::Value;
use tokio::sync::oneshot;
use tracing::{Instrument as _, debug, info_span, warn};

use super::inside::{Inside, panic_text};
use super::{Look, Path, Tree, TreeState};
use crate::handle::RawHandle;
use crate::router::Part;

/// Long actions of one tree that may run at a time.
const LONG_ACTIONS: usize = 256;

/// `restart` actions of one tree that are remembered before those that are done are swept out.
const SWEPT_RESTARTS: usize = 64;

/// One action to carry out on one target.
pub(crate) struct Job {
    pub(crate) target: Arc<str>,
    pub(crate) path: Path,
    pub(crate) model: Arc<dyn AnyModel>,
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
            restarts.insert((Arc::clone(&self.target), self.action), sender);
            self.superseded = Some(receiver);
        }
    }

    /// Checks the payload; what is wrong with it, if anything is.
    pub(super) fn check(&mut self) -> Result<(), String> {
        let unknown = self.model.prepare(self.action, &mut self.payload);
        for argument in unknown.map_err(|error| self.name().says(&error))? {
            let action = self.descriptor().map(|action| &*action.id);
            warn!(
                target_id = &*self.target,
                action, argument, "the action has no such argument"
            );
        }
        Ok(())
    }

    fn name(&self) -> Name {
        Name {
            target: Arc::clone(&self.target),
            model: Arc::clone(&self.model),
            action: self.action,
        }
    }

    fn descriptor(&self) -> Option<&ActionDescriptor> {
        self.model.descriptor().actions.get(self.action)
    }

    /// Carries the action out; returns when the next job of the tree may begin.
    pub(crate) async fn run(mut self, tree: &Arc<Tree>) {
        let Some((name, mode)) = self
            .descriptor()
            .map(|action| (action.id.clone(), action.mode))
        else {
            return self.refuse("the action is not of this target");
        };
        let span = info_span!("action", target_id = &*self.target, action = name);
        if let Some(superseded) = &mut self.superseded
            && superseded.try_recv() != Err(oneshot::error::TryRecvError::Empty)
        {
            return self.refuse(&superseded_by(&name));
        }
        if tree.removed.load(Ordering::Acquire) {
            let why = gone(&self.target);
            return self.refuse(&why);
        }
        match mode {
            ActionMode::Exclusive => self.run_exclusive(tree, &name).instrument(span).await,
            ActionMode::Blocking => self.run_blocking(tree).instrument(span).await,
            ActionMode::Detached => self.run_detached(tree, &name, span),
        }
    }

    async fn run_exclusive(self, tree: &Arc<Tree>, name: &str) {
        let mut state = Arc::clone(&tree.state).lock_owned().await;
        let path = Arc::clone(&self.path);
        let (call, answer, superseded) = self.split();
        let outcome = tokio::select! {
            biased;
            () = taken_over(superseded) => Err(superseded_by(name)),
            outcome = call.on(&mut state, Inside::holding(tree)) => outcome,
        };
        state.publish(tree, Look::Along(&path));
        drop(state);
        answer.done(outcome);
    }

    async fn run_blocking(self, tree: &Arc<Tree>) {
        let mut state = Arc::clone(&tree.state).lock_owned().await;
        let tree = Arc::clone(tree);
        let worked = tokio::task::spawn_blocking(move || {
            let path = Arc::clone(&self.path);
            let (call, answer, _) = self.split();
            // A blocking handler is no future, so this one is ready when it is first polled.
            let outcome = call.on(&mut state, Inside::holding(&tree)).now_or_never();
            state.publish(&tree, Look::Along(&path));
            drop(state);
            let never = || Err("a blocking action cannot await".to_owned());
            answer.done(outcome.unwrap_or_else(never));
        });
        // A job that could not be run answers when it is dropped.
        if let Err(error) = worked.await {
            debug!(%error, "a blocking action ended early");
        }
    }

    fn split(self) -> (Call, Part, Option<oneshot::Receiver<()>>) {
        let call = Call {
            target: self.target,
            path: self.path,
            model: self.model,
            action: self.action,
            payload: self.payload,
        };
        (call, self.answer, self.superseded)
    }

    fn run_detached(self, tree: &Arc<Tree>, name: &str, span: tracing::Span) {
        if tree.detached.fetch_add(1, Ordering::AcqRel) >= LONG_ACTIONS {
            tree.detached.fetch_sub(1, Ordering::AcqRel);
            return self.refuse(&format!(
                "{LONG_ACTIONS} long actions run on this target already"
            ));
        }
        let handle = RawHandle {
            tree: Arc::clone(tree),
            path: Arc::clone(&self.path),
            target: Arc::clone(&self.target),
        };
        let running = Counted(Arc::clone(tree));
        let superseded_text = superseded_by(name);
        let name = self.name();
        let work = async move {
            let _running = running;
            let Self {
                model,
                payload,
                action,
                superseded,
                answer,
                ..
            } = self;
            // Called inside the future, because a handler's first lines are user code too.
            let called =
                AssertUnwindSafe(
                    async move { model.call_detached(action, &handle, payload).await },
                )
                .catch_unwind();
            let reply = tokio::select! {
                biased;
                () = taken_over(superseded) => Err(superseded_text),
                ended = Arc::<Inside>::default().run(called) => match ended {
                    Ok(Ok(reply)) => name.said(reply),
                    Ok(Err(panic)) => Err(name.says(&panic_text(&*panic))),
                    Err(error) => Err(name.says(&error)),
                },
            };
            answer.done(reply);
        };
        tokio::spawn(work.instrument(span));
    }
}

/// The call of a handler that takes the target itself.
struct Call {
    target: Arc<str>,
    path: Path,
    model: Arc<dyn AnyModel>,
    action: usize,
    payload: Value,
}

impl Call {
    async fn on(self, state: &mut TreeState, inside: Arc<Inside>) -> Result<Value, String> {
        let model = Arc::clone(&self.model);
        let target = self.target.to_string();
        let Some(value) = state.target_mut(&self.path) else {
            return Err(gone(&target));
        };
        let (action, payload) = (self.action, self.payload);
        let name = Name {
            target: self.target,
            model: Arc::clone(&model),
            action,
        };
        let called = catch_unwind(AssertUnwindSafe(|| {
            inside
                .clone()
                .run_blocking(|| model.call(action, value, payload))
        }));
        match called {
            Err(panic) => Err(name.says(&panic_text(&*panic))),
            Ok(Running::Done(reply)) => name.said(reply),
            Ok(Running::Future(future)) => {
                match inside.run(AssertUnwindSafe(future).catch_unwind()).await {
                    Ok(Ok(reply)) => name.said(reply),
                    Ok(Err(panic)) => Err(name.says(&panic_text(&*panic))),
                    Err(error) => Err(name.says(&error)),
                }
            }
        }
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

/// Which action it is, for errors that are not the handler's own words.
struct Name {
    target: Arc<str>,
    model: Arc<dyn AnyModel>,
    action: usize,
}

impl Name {
    fn says(&self, why: &dyn std::fmt::Display) -> String {
        let action = self.model.descriptor().actions.get(self.action);
        let action = action.map_or("", |action| &*action.id);
        format!("action `{}`: {why}", id::member(&self.target, action))
    }

    fn said(&self, reply: Reply) -> Result<Value, String> {
        reply.map_err(|error| match error {
            ActionError::Payload(error) => self.says(&error),
            ActionError::Failed(text) => text,
        })
    }
}
