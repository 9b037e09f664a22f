//! The watch of an executor: answers what is late, and says who waits for a lock for long.

use std::convert::Infallible;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use rship_core::descriptor::ActionMode;
use tokio::sync::Notify;
use tokio::time::sleep;

use super::Tree;
use super::job::{Complete, Of, RunningJob};
use super::lock::{Inside, lock};
use super::reference::Reference;
use crate::journal::alert;
use crate::world;

/// How often trees are looked at while they have something to do.
const TICK: Duration = Duration::from_millis(100);

/// The trees that have something to do, or somebody waits for.
#[derive(Default)]
pub(crate) struct Attention {
    trees: Mutex<Vec<Weak<Tree>>>,
    wake: Notify,
}

impl Attention {
    /// Has a tree looked at until it has nothing more to do.
    pub(super) fn call(&self, tree: &Arc<Tree>) {
        if tree.watched.swap(true, Ordering::AcqRel) {
            return;
        }
        let mut trees = lock(&self.trees);
        trees.push(Arc::downgrade(tree));
        if trees.len() == 1 {
            self.wake.notify_one();
        }
    }

    /// Runs until it is dropped.
    pub(crate) async fn run(&self) -> Infallible {
        loop {
            self.wake.notified().await;
            loop {
                sleep(TICK).await;
                if self.look() {
                    break;
                }
            }
        }
    }

    /// Looks at all trees once; whether nothing is left to look at.
    fn look(&self) -> bool {
        let now = world::now();
        let trees = std::mem::take(&mut *lock(&self.trees));
        let mut busy = Vec::new();
        for weak in trees {
            let Some(tree) = weak.upgrade() else {
                continue;
            };
            tree.answer_late(now);
            for said in tree.long_waits() {
                alert(&said);
            }
            // Before the look whether it is still busy, so that nobody is missed in between.
            tree.watched.store(false, Ordering::Release);
            if tree.is_busy() && !tree.watched.swap(true, Ordering::AcqRel) {
                busy.push(weak);
            }
        }
        let mut trees = lock(&self.trees);
        trees.append(&mut busy);
        if trees.is_empty() {
            trees.shrink_to(0);
        }
        trees.is_empty()
    }
}

impl Tree {
    fn is_busy(&self) -> bool {
        self.mailbox.is_working() || self.has_waiters() || lock(&self.long).has_deadlines()
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
    pub(crate) fn answer_late(&self, now: Instant) {
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
                Some((began, inside)) => self.late(target, action, world::elapsed(began), &inside),
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
