//! Jobs: one action on one target, carried out on the handler pool and answered exactly once.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use futures_util::FutureExt as _;
use rship_core::descriptor::{ActionDescriptor, ActionMode};
use rship_core::model::{ActionError, Reply, Running};
use serde_json::Value;
use tokio::sync::oneshot;
use tracing::{Instrument as _, info_span};

use super::Tree;
use super::context::Context;
use super::lock::{Held, Inside, TreeState, Who, lock};
use super::publish::Look;
use super::reference::Reference;
use super::runs::{self, End, EndedBy};
use crate::error::LockError;
use crate::journal::{Topic, shown};
use crate::outbox::{Epoch, SlotId, weight};
use crate::world;

/// About what a command takes beside its payload, in bytes.
const AROUND_A_JOB: usize = 256;

/// What is said of a run that took longer than its action may.
pub(super) const TIME_IS_OVER: &str = "its time is over";

/// What a command, or a part of one, came to.
pub(crate) type Outcome = Result<Value, String>;

/// Takes the outcome of a job to whoever asked, behind the states that it changed. One that is dropped
/// instead answers with an error.
pub(crate) trait Complete: Send {
    fn complete(self: Box<Self>, of: Of<'_>, outcome: Outcome, touched: &[SlotId]);

    /// Answers nothing: whoever asked is gone.
    fn forget(self: Box<Self>);
}

/// The action that an outcome is of.
#[derive(Clone, Copy)]
pub(crate) struct Of<'o>(pub(super) &'o Reference, pub(super) usize);

impl Of<'_> {
    pub(crate) fn id(self) -> String {
        self.0.action_id(self.1)
    }
}

impl std::fmt::Display for Of<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "action `{}`", self.id())
    }
}

/// One action to carry out on one target.
pub(crate) struct Job {
    pub(crate) target: Arc<Reference>,
    pub(crate) action: usize,
    pub(crate) payload: Value,
    /// The connection that it came from.
    pub(crate) epoch: Epoch,
    pub(crate) arrived: Instant,
    pub(crate) answer: Box<dyn Complete>,
    /// About how much memory it takes.
    size: usize,
    /// Ready when somebody ends it.
    pub(super) ended_by: EndedBy,
}

/// The job of a mailbox that is carried out now.
pub(super) struct RunningJob {
    pub(super) target: Arc<Reference>,
    pub(super) action: usize,
    pub(super) deadline: Option<Instant>,
    /// `None` once it was given.
    pub(super) answer: Option<Box<dyn Complete>>,
    /// What the handler does, once it has begun.
    pub(super) begun: Option<(Instant, Arc<Inside>)>,
    /// Dropping it ends the handler, if it is one that is ended when its time is over.
    pub(super) expire: Option<oneshot::Sender<()>>,
}

impl Job {
    pub(crate) fn new(
        target: Arc<Reference>,
        action: usize,
        payload: Value,
        (epoch, arrived): (Epoch, Instant),
        answer: Box<dyn Complete>,
    ) -> Self {
        Self {
            size: AROUND_A_JOB + weight(&payload),
            target,
            action,
            payload,
            epoch,
            arrived,
            answer,
            ended_by: None,
        }
    }

    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// Answers without carrying anything out.
    pub(crate) fn refuse(self, why: &str) {
        let of = Of(&self.target, self.action);
        self.answer.complete(of, Err(why.to_owned()), &[]);
    }

    /// Forgets the job, because the session that asked for it has ended.
    pub(super) fn drop_unbegun(self, context: &Context) {
        self.answer.forget();
        context.counters.commands_dropped.add(1);
        context.journal.warn(Topic::CommandDropped, || {
            format!(
                "action `{}` is not carried out: the session that asked for it ended before it began",
                self.target.action_id(self.action)
            )
        });
    }

    /// Ends the runs of its action that are to end for this one, and can be ended itself, if the action is
    /// one of those.
    pub(super) fn can_be_ended(&mut self, tree: &Tree) {
        let Some((restart, cancel)) = self
            .descriptor()
            .map(|action| (action.restart, action.cancel))
        else {
            return;
        };
        if restart || cancel {
            let mut runs = lock(&tree.runs);
            if restart {
                runs.end(&self.target.id, self.action, End::Superseded);
            }
            self.ended_by = Some(runs.add(&self.target.id, self.action));
        }
    }

    /// Ends the runs of another action, those that wait included; the answer is whether there were any. They
    /// are told as cancelled here, so that the answer goes out behind it whatever their handlers still do.
    pub(super) fn cancel(self, tree: &Tree, action: usize) {
        let target = &self.target;
        let any = lock(&tree.runs).end(&target.id, action, End::Cancelled);
        let told = any.then(|| target.runs(action)).flatten();
        let told = told.map(|runs| runs.cancel(&End::Cancelled.text(target, action)));
        let of = Of(target, self.action);
        let outcome = Ok(Value::Bool(any));
        self.answer.complete(of, outcome, told.as_slice());
    }

    pub(super) fn mode(&self) -> Option<ActionMode> {
        Some(self.descriptor()?.mode)
    }

    /// Checks the payload; what is wrong with it, if anything is.
    pub(super) fn check(&mut self, context: &Context) -> Result<(), String> {
        let unknown = self.target.model.prepare(self.action, &mut self.payload);
        for argument in unknown.map_err(|error| says(&self.target, self.action, &error))? {
            context.journal.warn(Topic::UnknownArgument, || {
                format!(
                    "action `{}` has no argument `{}`",
                    self.target.action_id(self.action),
                    shown(&argument)
                )
            });
        }
        Ok(())
    }

    fn descriptor(&self) -> Option<&ActionDescriptor> {
        self.target.action(self.action)
    }

    /// When it is answered with an error if it has no answer by then. Long actions may take their time,
    /// unless they say otherwise.
    pub(crate) fn deadline(&self, tree: &Tree) -> Option<Instant> {
        let action = self.descriptor()?;
        let limit = match (action.timeout, action.mode) {
            (Some(limit), _) => limit,
            (None, ActionMode::Detached | ActionMode::Cancel { .. }) => return None,
            (None, ActionMode::Exclusive | ActionMode::Blocking) => tree.context.action_timeout,
        };
        self.arrived.checked_add(limit)
    }

    /// Carries the action out; returns when the next job of the tree may begin.
    pub(super) async fn run(mut self, tree: &Arc<Tree>) {
        let Some(action) = self.descriptor() else {
            return self.refuse("the action is not of this target");
        };
        let span = info_span!("action", target_id = &*self.target.id, action = action.id);
        let mode = action.mode;
        if let Some(end) = runs::ended_already(&mut self.ended_by) {
            let why = end.text(&self.target, self.action);
            return self.refuse(&why);
        }
        if tree.removed.load(Ordering::Acquire) {
            let why = gone(&self.target.id);
            return self.refuse(&why);
        }
        match mode {
            ActionMode::Exclusive | ActionMode::Blocking => {
                self.run_exclusive(tree).instrument(span).await;
            }
            ActionMode::Detached => self.run_long(tree, span),
            ActionMode::Cancel { action } => self.cancel(tree, action),
        }
    }

    async fn run_exclusive(self, tree: &Arc<Tree>) {
        let deadline = self.deadline(tree);
        let expires = self
            .descriptor()
            .is_some_and(|action| action.timeout.is_some());
        let (expire, expired) = expires.then(oneshot::channel).unzip();
        let Self {
            target,
            action,
            payload,
            answer,
            ended_by,
            ..
        } = self;
        *lock(&tree.running) = Some(RunningJob {
            target: Arc::clone(&target),
            action,
            deadline,
            answer: Some(answer),
            begun: None,
            expire,
        });
        // The job ends with this, however it does.
        let ended = Ends(tree);
        let mut held = tree.lock(Who::Action(Arc::clone(&target), action)).await;
        let inside = Inside::holding(held.inside.take(), tree, &target, action);
        if !tree.begin(&inside) {
            // It was answered while it waited for the lock, so nobody counts on it.
            return;
        }
        if tree.removed.load(Ordering::Acquire) {
            if let Some(answer) = ended.take() {
                answer.complete(Of(&target, action), Err(gone(&target.id)), &[]);
            }
            return;
        }
        let outcome = tokio::select! {
            biased;
            end = runs::ended(ended_by) => Err(end.text(&target, action)),
            () = over(expired) => Err(TIME_IS_OVER.to_owned()),
            outcome = call_on(&mut held, &target, action, payload, &inside) => outcome,
        };
        held.publish(Look::Along(&target.path));
        let mut elsewhere = inside.touched();
        if let Some(answer) = ended.take() {
            let of = Of(&target, action);
            // Before the lock is given on, so that answers come in the order of their actions.
            if elsewhere.is_empty() {
                answer.complete(of, outcome, held.touched());
            } else {
                elsewhere.extend(held.touched());
                answer.complete(of, outcome, &elsewhere);
            }
        }
        held.inside = Some(inside);
    }
}

/// The end of a tree's running job, whatever becomes of its handler.
struct Ends<'t>(&'t Tree);

impl Ends<'_> {
    fn take(&self) -> Option<Box<dyn Complete>> {
        lock(&self.0.running).take()?.answer
    }
}

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        // An answer that is still there says that there is none.
        let left = lock(&self.0.running).take();
        drop(left);
    }
}

impl Tree {
    /// The running job begins; `false` when it was answered before.
    fn begin(&self, inside: &Arc<Inside>) -> bool {
        let mut running = lock(&self.running);
        let Some(running) = running.as_mut().filter(|running| running.answer.is_some()) else {
            return false;
        };
        running.begun = Some((world::now(), Arc::clone(inside)));
        true
    }
}

/// Ready when its time is over.
async fn over(expired: Option<oneshot::Receiver<()>>) {
    match expired {
        // Nothing is ever sent: the sender is dropped.
        Some(expired) => drop(expired.await),
        None => std::future::pending().await,
    }
}

fn gone(target: &str) -> String {
    format!("target `{target}` is no longer there")
}

/// Calls a handler that takes the target itself.
pub(super) async fn call_on(
    held: &mut Held,
    target: &Arc<Reference>,
    action: usize,
    payload: Value,
    inside: &Arc<Inside>,
) -> Outcome {
    let state: &mut TreeState = held;
    if target.behind {
        return call_behind(state, target, action, payload, inside);
    }
    let Some(value) = state.target_mut(&target.path) else {
        return Err(gone(&target.id));
    };
    let called = catch_unwind(AssertUnwindSafe(|| {
        let call = || target.model.call(action, value, payload);
        Arc::clone(inside).run_blocking(call)
    }));
    match called {
        Err(panic) => Err(says(target, action, &panic_text(&*panic))),
        Ok(Running::Done(reply)) => said(target, action, reply),
        Ok(Running::Future(future)) => {
            let future = AssertUnwindSafe(future).catch_unwind();
            ended(target, action, Arc::clone(inside).run(future).await)
        }
    }
}

/// Calls a handler of a target that is reached through a lock of the user's, which is held meanwhile.
fn call_behind(
    state: &mut TreeState,
    target: &Arc<Reference>,
    action: usize,
    payload: Value,
    inside: &Arc<Inside>,
) -> Outcome {
    let (mut payload, mut outcome) = (Some(payload), Err(gone(&target.id)));
    let called = catch_unwind(AssertUnwindSafe(|| {
        state.reach(&target.path, &mut |value| {
            let payload = payload.take().unwrap_or_default();
            let call = || target.model.call(action, value, payload);
            if let Running::Done(reply) = Arc::clone(inside).run_blocking(call) {
                outcome = said(target, action, reply);
            }
        })
    }));
    match called {
        Err(panic) => Err(says(target, action, &panic_text(&*panic))),
        Ok(Err(why)) => Err(says(target, action, &why)),
        Ok(Ok(_)) => outcome,
    }
}

/// Checks the payload of an action that runs beside the others by the device as it is now.
pub(super) async fn look_at(
    tree: &Arc<Tree>,
    target: &Arc<Reference>,
    action: usize,
    payload: &mut Value,
) -> Result<(), String> {
    let held = tree.lock(Who::Action(Arc::clone(target), action)).await;
    let Some(value) = held.target(&target.path) else {
        return Err(gone(&target.id));
    };
    let check = || target.model.check_present(action, value, payload);
    match catch_unwind(AssertUnwindSafe(check)) {
        Ok(checked) => checked.map_err(|error| says(target, action, &error)),
        Err(panic) => Err(says(target, action, &panic_text(&*panic))),
    }
}

pub(super) fn ended(
    target: &Reference,
    action: usize,
    ended: Result<Result<Reply, Box<dyn Any + Send>>, LockError>,
) -> Outcome {
    match ended {
        Ok(Ok(reply)) => said(target, action, reply),
        Ok(Err(panic)) => Err(says(target, action, &panic_text(&*panic))),
        Err(error) => Err(says(target, action, &error)),
    }
}

/// An error that is not in the handler's own words.
pub(super) fn says(target: &Reference, action: usize, why: &dyn std::fmt::Display) -> String {
    format!("action `{}`: {why}", target.action_id(action))
}

fn said(target: &Reference, action: usize, reply: Reply) -> Outcome {
    reply.map_err(|error| match error {
        ActionError::Failed(text) => text,
        error => says(target, action, &error),
    })
}

/// What a panicking handler said.
fn panic_text(panic: &(dyn Any + Send)) -> String {
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
