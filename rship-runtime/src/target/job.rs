//! Jobs: one action on one target, carried out on the handler pool and answered exactly once.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use rship_core::descriptor::{ActionDescriptor, ActionMode};
use rship_core::model::{ActionError, Reply, Running};
use serde_json::Value;
use tokio::sync::oneshot;
use tracing::{Instrument as _, info_span};

use super::context::Context;
use super::lock::{Held, Who, lock};
use super::publish::Look;
use super::reentrancy::{Inside, panic_text};
use super::reference::Reference;
use super::runs::{self, End, EndedBy};
use super::{Tree, TreeState};
use crate::error::LockError;
use crate::journal::{Topic, shown};
use crate::outbox::{Epoch, SlotId, weight};

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

impl std::fmt::Display for Of<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "action `{}`", self.0.action_id(self.1))
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
    target: Arc<Reference>,
    action: usize,
    deadline: Option<Instant>,
    /// `None` once it was given.
    pub(super) answer: Option<Box<dyn Complete>>,
    /// What the handler does, once it has begun.
    begun: Option<(Instant, Arc<Inside>)>,
    /// Dropping it ends the handler, if it is one that is ended when its time is over.
    expire: Option<oneshot::Sender<()>>,
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

    /// Ends the runs of another action, those that wait included; the answer is whether there were any.
    pub(super) fn cancel(self, tree: &Tree, action: usize) {
        let any = lock(&tree.runs).end(&self.target.id, action, End::Cancelled);
        let of = Of(&self.target, self.action);
        self.answer.complete(of, Ok(Value::Bool(any)), &[]);
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
    pub(super) fn deadline(&self, tree: &Tree) -> Option<Instant> {
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

/// An answer that is given before its action has ended.
pub(super) struct Late {
    pub(super) target: Arc<Reference>,
    pub(super) action: usize,
    pub(super) answer: Box<dyn Complete>,
}

impl RunningJob {
    /// Takes its answer, to be given early; `None` when it was given.
    fn late(&mut self) -> Option<Late> {
        Some(Late {
            answer: self.answer.take()?,
            target: Arc::clone(&self.target),
            action: self.action,
        })
    }
}

impl Late {
    fn refuse(self, why: String) {
        self.answer
            .complete(Of(&self.target, self.action), Err(why), &[]);
    }
}

/// Time-outs: what is late is answered, whatever its handler does.
impl Tree {
    /// The running job begins; `false` when it was answered before.
    fn begin(&self, inside: &Arc<Inside>) -> bool {
        let mut running = lock(&self.running);
        let Some(running) = running.as_mut().filter(|running| running.answer.is_some()) else {
            return false;
        };
        running.begun = Some((Instant::now(), Arc::clone(inside)));
        true
    }

    /// Answers what is carried out now with this error, whatever its handlers do.
    pub(super) fn refuse_running(&self, why: &str) {
        let running = lock(&self.running).as_mut().and_then(RunningJob::late);
        let long = lock(&self.long).take_answers();
        for late in running.into_iter().chain(long) {
            late.refuse(why.to_owned());
        }
    }

    /// What the tree is busy with, as the end of a sentence.
    pub(super) fn busy_with(&self) -> String {
        self.holder().map_or_else(String::new, |holder| {
            format!(", and it is held by {holder}")
        })
    }

    /// The action that is carried out now, and whether it may block its thread.
    pub(super) fn current_action(&self) -> Option<(String, bool)> {
        let running = lock(&self.running);
        let running = running.as_ref()?;
        let action = running.target.action(running.action)?;
        let blocking = action.mode == ActionMode::Blocking;
        Some((running.target.action_id(running.action), blocking))
    }

    /// Answers what is late by now.
    pub(super) fn answer_late(&self, now: Instant) {
        let mut late = lock(&self.long).take_late(now);
        let running = {
            let mut running = lock(&self.running);
            let running = running.as_mut();
            let running =
                running.filter(|running| running.deadline.is_some_and(|deadline| deadline <= now));
            running.and_then(|running| {
                let late = running.late()?;
                if running.begun.is_some() {
                    running.expire = None;
                }
                Some((late, running.begun.clone()))
            })
        };
        if let Some((running, begun)) = running {
            let (target, action) = (&running.target, running.action);
            let why = match begun {
                None => self.not_begun(target, action),
                Some((began, inside)) => self.late(target, action, began.elapsed(), &inside),
            };
            late.push((running, why));
        }
        for job in self.mailbox.take_late(self, now) {
            let why = self.not_begun(&job.target, job.action);
            let job = Late {
                target: job.target,
                action: job.action,
                answer: job.answer,
            };
            late.push((job, why));
        }
        self.context
            .counters
            .actions_timed_out
            .add(late.len() as u64);
        for (late, why) in late {
            late.refuse(why);
        }
    }

    fn not_begun(&self, target: &Reference, action: usize) -> String {
        let (id, busy) = (target.action_id(action), self.busy_with());
        format!("action `{id}` did not begin in time{busy}")
    }

    fn late(&self, target: &Reference, action: usize, took: Duration, inside: &Inside) -> String {
        let id = target.action_id(action);
        let took = took.as_secs_f64();
        let mut why = format!("action `{id}` has not ended after {took:.1} s");
        if let Some(awaited) = inside.awaited() {
            why.push_str(&format!(": it waits for {awaited}"));
        } else if let Some(guard) = self.guard_that_waits() {
            why.push_str(&format!(
                ": {guard} for target `{}`, which this action holds; if the action waits for that, take \
                 `this: Handle<Self>` in place of `&mut self` and lock for moments",
                self.id
            ));
        }
        why
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
async fn call_on(
    held: &mut Held,
    target: &Arc<Reference>,
    action: usize,
    payload: Value,
    inside: &Arc<Inside>,
) -> Outcome {
    let state: &mut TreeState = held;
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
fn says(target: &Reference, action: usize, why: &dyn std::fmt::Display) -> String {
    format!("action `{}`: {why}", target.action_id(action))
}

fn said(target: &Reference, action: usize, reply: Reply) -> Outcome {
    reply.map_err(|error| match error {
        ActionError::Payload(error) => says(target, action, &error),
        ActionError::Failed(text) => text,
    })
}
