//! Long actions: they run beside the mailbox of their tree, as tasks of the pool.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use futures_util::FutureExt as _;
use tokio::sync::oneshot;
use tracing::Instrument as _;

use super::Tree;
use super::job::{Complete, Job, Of, ended, look_at, superseded_by, taken_over};
use super::lock::{Inside, lock};
use super::pool::What;
use super::reference::{RawHandle, Reference};
use super::watch::Late;

/// Long actions of one tree that may run at a time.
const LONG_ACTIONS: usize = 256;

/// Long actions at work.
#[derive(Default)]
pub(super) struct LongRuns {
    runs: BTreeMap<u64, LongRun>,
    last: u64,
}

struct LongRun {
    target: Arc<Reference>,
    action: usize,
    began: Instant,
    deadline: Option<Instant>,
    answer: Option<Box<dyn Complete>>,
    /// Dropping it ends the run.
    expire: Option<oneshot::Sender<()>>,
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
            superseded,
            ..
        } = self;
        let (expire, expired) = oneshot::channel();
        let run = LongRun {
            target: Arc::clone(&target),
            action,
            began: Instant::now(),
            deadline,
            answer: Some(answer),
            expire: Some(expire),
        };
        let number = match lock(&tree.long).add(run) {
            Ok(number) => number,
            Err((answer, why)) => return answer.complete(Of(&target, action), Err(why), &[]),
        };
        if deadline.is_some() {
            tree.context.attention.call(tree);
        }
        let running = LongRunning {
            tree: Arc::clone(tree),
            number,
        };
        let what = What::Long(Arc::clone(&target), action);
        let handle = RawHandle {
            tree: Arc::clone(tree),
            target: Arc::clone(&target),
        };
        let own = Arc::clone(tree);
        let work = async move {
            let inside = Inside::beside(&target, action);
            let model = Arc::clone(&target.model);
            let mut payload = payload;
            if model.live_actions().contains(&action)
                && let Err(error) = look_at(&own, &target, action, &mut payload).await
            {
                if let Some(answer) = running.take() {
                    answer.complete(Of(&target, action), Err(error), &[]);
                }
                return;
            }
            // Called inside the future, because a handler's first lines are user code too.
            let called =
                AssertUnwindSafe(
                    async move { model.call_detached(action, &handle, payload).await },
                )
                .catch_unwind();
            let outcome = tokio::select! {
                biased;
                () = taken_over(superseded) => Err(superseded_by(&target, action)),
                _ = expired => Err("its time is over".to_owned()),
                ended = Arc::clone(&inside).run(called) => self::ended(&target, action, ended),
            };
            if let Some(answer) = running.take() {
                answer.complete(Of(&target, action), outcome, &inside.touched());
            }
        };
        let context = &tree.context;
        context
            .tasks
            .spawn(context, tree, what, work.instrument(span));
    }
}

/// The end of a long action, whatever becomes of its handler.
struct LongRunning {
    tree: Arc<Tree>,
    number: u64,
}

impl LongRunning {
    fn take(&self) -> Option<Box<dyn Complete>> {
        lock(&self.tree.long).runs.remove(&self.number)?.answer
    }
}

impl Drop for LongRunning {
    fn drop(&mut self) {
        drop(self.take());
    }
}

impl LongRuns {
    fn add(&mut self, mut run: LongRun) -> Result<u64, (Box<dyn Complete>, String)> {
        if self.runs.len() >= LONG_ACTIONS
            && let Some(answer) = run.answer.take()
        {
            let oldest = self.runs.values().next().map_or_else(String::new, |run| {
                let for_s = run.began.elapsed().as_secs_f64();
                let action = run.target.action_id(run.action);
                format!(", the oldest is `{action}`, for {for_s:.1} s")
            });
            let why = format!("{LONG_ACTIONS} long actions run on this target already{oldest}");
            return Err((answer, why));
        }
        self.last += 1;
        self.runs.insert(self.last, run);
        Ok(self.last)
    }

    pub(super) fn take_answers(&mut self) -> Vec<Late> {
        let runs = self.runs.values_mut();
        runs.filter_map(LongRun::late).collect()
    }

    /// Whether a run has to end at some time.
    pub(super) fn has_deadlines(&self) -> bool {
        self.runs
            .values()
            .any(|run| run.answer.is_some() && run.deadline.is_some())
    }

    /// The answers of runs whose time is over, with what to say; the runs end.
    pub(super) fn take_late(&mut self, now: Instant) -> Vec<(Late, String)> {
        let late = self
            .runs
            .values_mut()
            .filter(|run| run.deadline.is_some_and(|deadline| deadline <= now));
        late.filter_map(|run| {
            run.expire = None;
            let took = run.began.elapsed();
            let why = format!(
                "action `{}` was cancelled after {:.1} s",
                run.target.action_id(run.action),
                took.as_secs_f64()
            );
            Some((run.late()?, why))
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
