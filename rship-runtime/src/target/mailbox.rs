//! The mailbox of a tree: commands wait here in the order of their arrival, bounded in bytes, and are
//! carried out one at a time while there are any.

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use futures_util::FutureExt as _;
use rship_core::descriptor::ActionMode;

use super::context::Context;
use super::job::Job;
use super::lock::lock;
use super::{Tree, pool};
use crate::journal::Topic;
use crate::outbox::{Admission, Epoch};
use crate::settings::ALL_MAILBOXES;

/// Commands of one tree that are carried out before others get their turn.
const TURN: usize = 64;

/// What is said to commands of an executor that ends.
const ENDS: &str = "the executor ends";

#[derive(Default)]
pub(super) struct Mailbox {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    bytes: usize,
    working: bool,
}

impl Mailbox {
    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Takes a job; says whether somebody must begin to work. Gives it back when too much waits.
    fn put(&self, mut job: Job, tree: &Tree) -> Result<bool, Box<Job>> {
        let mut state = self.state();
        let bytes = state.bytes + job.size();
        if bytes > tree.context.mailbox_bytes || !tree.context.take_room(job.size()) {
            return Err(Box::new(job));
        }
        // Only now: a run that never begins must not end the one before it.
        job.can_be_ended(tree);
        state.bytes = bytes;
        state.jobs.push_back(job);
        Ok(!std::mem::replace(&mut state.working, true))
    }

    /// The next job; with none left, work has ended.
    fn next(&self, tree: &Tree) -> Option<Job> {
        let mut state = self.state();
        let Some(job) = state.jobs.pop_front() else {
            state.working = false;
            state.jobs.shrink_to(TURN);
            return None;
        };
        state.bytes -= job.size();
        drop(state);
        tree.context.give_room(job.size());
        Some(job)
    }

    pub(super) fn is_working(&self) -> bool {
        self.state().working
    }

    /// Takes out the jobs for which this holds.
    pub(super) fn take(&self, tree: &Tree, mut which: impl FnMut(&Job) -> bool) -> Vec<Job> {
        let mut state = self.state();
        let (mut taken, mut left) = (Vec::new(), VecDeque::new());
        for job in std::mem::take(&mut state.jobs) {
            if which(&job) {
                taken.push(job);
            } else {
                left.push_back(job);
            }
        }
        state.jobs = left;
        let bytes: usize = taken.iter().map(Job::size).sum();
        state.bytes -= bytes;
        drop(state);
        tree.context.give_room(bytes);
        taken
    }

    /// Jobs that came so long ago that they are to be answered with an error.
    pub(super) fn take_late(&self, tree: &Tree, now: Instant) -> Vec<Job> {
        let late = |job: &Job| job.deadline(tree).is_some_and(|deadline| deadline <= now);
        // The first came first; most of the time it is not late, and no other is.
        if self.state().jobs.iter().any(late) {
            self.take(tree, late)
        } else {
            Vec::new()
        }
    }
}

/// Room for the commands that wait for all trees.
impl Context {
    /// Takes room for a command that waits; `false` when there is none.
    fn take_room(&self, bytes: usize) -> bool {
        let limit = self.mailbox_bytes.saturating_mul(ALL_MAILBOXES);
        let before = self.waiting.fetch_add(bytes, Ordering::Relaxed);
        if before + bytes > limit {
            self.give_room(bytes);
            return false;
        }
        true
    }

    fn give_room(&self, bytes: usize) {
        self.waiting.fetch_sub(bytes, Ordering::Relaxed);
    }
}

impl Tree {
    /// Has a command carried out when those before it are done, once the handlers are started.
    pub(crate) fn submit(self: &Arc<Self>, mut job: Job) {
        if self.context.is_ending() {
            return job.refuse(ENDS);
        }
        if let Err(why) = job.check(&self.context) {
            return job.refuse(&why);
        }
        if let Some(ActionMode::Cancel { action }) = job.mode() {
            // Not behind what it is to end.
            return job.cancel(self, action);
        }
        match self.mailbox.put(job, self) {
            Ok(false) => {}
            Ok(true) => {
                if !self.watched.load(Ordering::Acquire) {
                    self.context.attention.call(self);
                }
                pool::schedule(Arc::clone(self));
            }
            Err(job) => {
                self.context.counters.commands_refused.add(1);
                let limit = self.context.mailbox_bytes;
                let busy = self.busy_with();
                let action = job.target.action_id(job.action);
                job.refuse(&format!(
                    "action `{action}` is refused: too many commands wait for target `{}`, their limit is \
                     {limit} bytes (`mailbox_bytes`){busy}",
                    self.id
                ));
            }
        }
    }

    /// Carries out jobs as long as there are any, or until others have to have their turn.
    pub(super) async fn work(self: Arc<Self>) {
        for _ in 0..TURN {
            let Some(job) = self.mailbox.next(&self) else {
                return;
            };
            if !self.admits(job.epoch).await {
                job.drop_unbegun(&self.context);
                continue;
            }
            if self.context.is_ending() {
                job.refuse(ENDS);
                continue;
            }
            // Handlers are caught on their own; this is for what else is user code, such as keys of
            // members. A job that is dropped has answered.
            let ran = AssertUnwindSafe(job.run(&self)).catch_unwind().await;
            if ran.is_err() {
                self.context.journal.warn(Topic::UserPanic, || {
                    format!(
                        "carrying out an action of target `{}` panicked outside of its handler",
                        self.id
                    )
                });
            }
        }
        pool::schedule(Arc::clone(&self));
        pool::start();
    }

    /// Waits until the server has taken enough of the answers before; whether the session is still there.
    async fn admits(&self, epoch: Epoch) -> bool {
        loop {
            match self.context.outbox.admit(epoch) {
                Admission::Granted => return true,
                Admission::Gone => return false,
                Admission::Full => self.context.outbox.reply_room().await,
            }
        }
    }

    /// Answers all that has no answer yet with an error, because the executor ends.
    pub(crate) fn refuse_all(&self) {
        for job in self.mailbox.take(self, |_| true) {
            job.refuse(ENDS);
        }
        self.refuse_running(ENDS);
    }

    /// Drops the commands of a session that has ended; returns how many there were.
    pub(crate) fn drop_unbegun(&self) -> usize {
        if !self.watched.load(Ordering::Acquire) {
            // Nothing waits.
            return 0;
        }
        // The first in line may wait for the target itself.
        let first = lock(&self.running)
            .as_mut()
            .filter(|running| running.begun.is_none())
            .and_then(|running| running.answer.take());
        let dropped = self.mailbox.take(self, |_| true);
        let answers = dropped.into_iter().map(|job| job.answer);
        let mut count = 0;
        for answer in first.into_iter().chain(answers) {
            answer.forget();
            count += 1;
        }
        count
    }
}
