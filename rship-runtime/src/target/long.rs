//! Long actions: they run beside the mailbox of their tree, and lock it for moments.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;

use futures_util::FutureExt as _;
use rship_core::json;
use rship_core::model::RunState;
use tokio::sync::oneshot;
use tracing::Instrument as _;

use super::Tree;
use super::job::{self, Complete, Job, Of, Outcome, TIME_IS_OVER};
use super::lock::{Inside, lock};
use super::pool::What;
use super::progress::Run;
use super::reference::{RawHandle, Reference};
use super::runs::{self, End};
use super::watch::Late;
use crate::journal::Topic;
use crate::outbox::SlotId;
use crate::world;

/// Long actions of one tree that may run at a time.
const LONG_ACTIONS: usize = 256;

/// Long actions at work.
#[derive(Default)]
pub(super) struct LongRuns {
    /// In the order in which they began.
    runs: Vec<LongRun>,
    last: u64,
}

struct LongRun {
    number: u64,
    target: Arc<Reference>,
    action: usize,
    began: Instant,
    deadline: Option<Instant>,
    /// `None` once it was given.
    answer: Option<Box<dyn Complete>>,
    /// Dropping it ends the run.
    expire: Option<oneshot::Sender<()>>,
}

/// The end of a long action, whatever becomes of its handler.
struct LongRunning {
    tree: Arc<Tree>,
    number: u64,
    target: Arc<Reference>,
    action: usize,
    run: Option<Run>,
}

impl Job {
    /// Has the action run beside the others.
    pub(super) fn run_long(self, tree: &Arc<Tree>, span: tracing::Span) {
        let deadline = self.deadline(tree);
        let Self {
            target,
            action,
            payload,
            answer,
            ended_by,
            ..
        } = self;
        let (expire, expired) = oneshot::channel();
        let long = LongRun {
            number: 0,
            target: Arc::clone(&target),
            action,
            began: world::now(),
            deadline,
            answer: Some(answer),
            expire: Some(expire),
        };
        let number = match lock(&tree.long).add(long) {
            Ok(number) => number,
            Err((answer, why)) => return answer.complete(Of(&target, action), Err(why), &[]),
        };
        if deadline.is_some() {
            tree.context.attention.call(tree);
        }
        let run = target.runs(action).and_then(|runs| {
            // Whoever ends it from now on finds it among those that run.
            let _ending = lock(&tree.runs);
            let ended = ended_by.as_ref().is_some_and(|end| !end.is_empty());
            (!ended).then(|| runs.begin())
        });
        let handle = RawHandle {
            run: run.clone(),
            ..RawHandle::new(tree, &target)
        };
        let running = LongRunning {
            tree: Arc::clone(tree),
            number,
            target: Arc::clone(&target),
            action,
            run,
        };
        let what = What::Long(Arc::clone(&target), action);
        let own = Arc::clone(tree);
        let work = async move {
            let inside = Inside::beside(&target, action);
            let model = Arc::clone(&target.model);
            let accepted = target.action(action).is_some_and(|action| action.accepted);
            let handler = async {
                let mut payload = payload;
                if model.live_actions().contains(&action) {
                    job::look_at(&own, &target, action, &mut payload).await?;
                }
                // Called inside the future, because a handler's first lines are user code too.
                let called =
                    AssertUnwindSafe(
                        async move { model.call_detached(action, &handle, payload).await },
                    )
                    .catch_unwind();
                let mut called = pin!(Arc::clone(&inside).run(called));
                let mut accepts = accepted;
                let ended = std::future::poll_fn(|context| {
                    let polled = called.as_mut().poll(context);
                    // What is wrong before it first waits is an error that somebody hears.
                    if polled.is_pending() && std::mem::take(&mut accepts) {
                        running.accept(&inside);
                    }
                    polled
                });
                job::ended(&target, action, ended.await)
            };
            let (outcome, state) = tokio::select! {
                biased;
                end = runs::ended(ended_by) => {
                    (Err(end.text(&target, action)), RunState::Cancelled)
                }
                _ = expired => (Err(TIME_IS_OVER.to_owned()), RunState::Cancelled),
                outcome = handler => {
                    let state = if outcome.is_ok() { RunState::Done } else { RunState::Failed };
                    (outcome, state)
                }
            };
            running.end(outcome, state, &inside, accepted);
        };
        let context = &tree.context;
        context
            .tasks
            .spawn(context, tree, what, Box::pin(work.instrument(span)));
    }
}

impl LongRunning {
    fn take(&self) -> Option<Box<dyn Complete>> {
        lock(&self.tree.long).remove(self.number)?.answer
    }

    fn of(&self) -> Of<'_> {
        Of(&self.target, self.action)
    }

    fn touched(&self, inside: &Inside) -> Vec<SlotId> {
        let mut touched = inside.touched();
        touched.extend(self.run.as_ref().map(Run::slot));
        touched
    }

    /// Answers while it goes on.
    fn accept(&self, inside: &Inside) {
        let answer = {
            let mut long = lock(&self.tree.long);
            let run = long.get_mut(self.number);
            run.and_then(|run| run.answer.take())
        };
        let Some(answer) = answer else {
            return;
        };
        let accepted = match &self.run {
            Some(run) => json::object(vec![
                ("accepted", true.into()),
                ("run", run.number().into()),
            ]),
            None => json::object(vec![("accepted", true.into())]),
        };
        answer.complete(self.of(), Ok(accepted), &self.touched(inside));
    }

    fn end(mut self, mut outcome: Outcome, state: RunState, inside: &Inside, accepted: bool) {
        let touched = self.touched(inside);
        if let Some(run) = self.run.take()
            && !run.end(state, outcome.as_ref().err().map(|why| &**why))
            && outcome.is_ok()
        {
            // It reached its end while it was cancelled, and all have been told so.
            outcome = Err(End::Cancelled.text(&self.target, self.action));
        }
        match (self.take(), outcome) {
            (Some(answer), outcome) => answer.complete(self.of(), outcome, &touched),
            (None, Err(why)) if accepted => {
                let journal = &self.tree.context.journal;
                journal.warn(Topic::CommandFailed, || {
                    format!(
                        "{} was accepted, and has ended with an error: {why}",
                        self.of()
                    )
                });
            }
            (None, _) => {}
        }
    }
}

impl Drop for LongRunning {
    fn drop(&mut self) {
        if let Some(run) = &self.run {
            run.end(RunState::Cancelled, Some("the executor ends"));
        }
        drop(self.take());
    }
}

impl LongRuns {
    fn add(&mut self, mut run: LongRun) -> Result<u64, (Box<dyn Complete>, String)> {
        if self.runs.len() >= LONG_ACTIONS
            && let Some(answer) = run.answer.take()
        {
            let oldest = self.runs.first().map_or_else(String::new, |run| {
                let for_s = world::elapsed(run.began).as_secs_f64();
                let action = run.target.action_id(run.action);
                format!(", the oldest is `{action}`, for {for_s:.1} s")
            });
            let why = format!(
                "{LONG_ACTIONS} long actions run on this target already: end one, or mark them `restart`{oldest}"
            );
            return Err((answer, why));
        }
        self.last += 1;
        run.number = self.last;
        self.runs.push(run);
        Ok(self.last)
    }

    fn place(&self, number: u64) -> Option<usize> {
        self.runs.iter().position(|run| run.number == number)
    }

    fn get_mut(&mut self, number: u64) -> Option<&mut LongRun> {
        let place = self.place(number)?;
        self.runs.get_mut(place)
    }

    fn remove(&mut self, number: u64) -> Option<LongRun> {
        let place = self.place(number)?;
        Some(self.runs.remove(place))
    }

    pub(super) fn take_answers(&mut self) -> Vec<Late> {
        self.runs.iter_mut().filter_map(LongRun::late).collect()
    }

    /// Whether a run has to end at some time.
    pub(super) fn has_deadlines(&self) -> bool {
        self.runs
            .iter()
            .any(|run| run.expire.is_some() && run.deadline.is_some())
    }

    /// The answers of runs whose time is over, with what to say; the runs end.
    pub(super) fn take_late(&mut self, now: Instant) -> Vec<(Late, String)> {
        let late = self
            .runs
            .iter_mut()
            .filter(|run| run.deadline.is_some_and(|deadline| deadline <= now));
        late.filter_map(|run| {
            run.expire = None;
            let late = run.late()?;
            let action = run.target.action(run.action);
            let limit = action.and_then(|action| action.timeout);
            let why = format!(
                "action `{}` has not ended within its timeout of {} s, and was cancelled",
                run.target.action_id(run.action),
                limit.unwrap_or_default().as_secs_f64()
            );
            Some((late, why))
        })
        .collect()
    }
}

impl LongRun {
    /// Takes its answer, to be given early; `None` when it was given.
    fn late(&mut self) -> Option<Late> {
        Some(Late {
            answer: self.answer.take()?,
            target: Arc::clone(&self.target),
            action: self.action,
        })
    }
}
