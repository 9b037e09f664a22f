//! The mailbox of a tree: commands wait here in the order of their arrival, and are carried out one at
//! a time while there are any.

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt as _;
use tracing::error;

use super::{Job, Runners, Tree};

/// Commands that may wait for one tree; a further one is answered with an error at once. Fewer than the
/// answers that may wait: they may come all at once.
const WAITING_JOBS: usize = 4_096;

#[derive(Default)]
pub(super) struct Mailbox {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    working: bool,
}

impl Mailbox {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a job; says whether somebody must begin to work. Gives it back when too many wait.
    fn put(&self, mut job: Job, tree: &Tree) -> Result<bool, Box<Job>> {
        let mut state = self.state();
        if state.jobs.len() >= WAITING_JOBS {
            return Err(Box::new(job));
        }
        // Only now: a run that never begins must not end the one before it.
        job.supersede(tree);
        state.jobs.push_back(job);
        Ok(!std::mem::replace(&mut state.working, true))
    }

    /// The next job; with none left, work has ended.
    fn next(&self) -> Option<Job> {
        let mut state = self.state();
        let job = state.jobs.pop_front();
        state.working = job.is_some();
        job
    }
}

impl Tree {
    /// Has a command carried out when those before it are done, once the runners are started.
    pub(crate) fn submit(self: &Arc<Self>, mut job: Job, runners: &Runners) {
        if let Err(why) = job.check() {
            return job.refuse(&why);
        }
        match self.mailbox.put(job, self) {
            Ok(false) => {}
            Ok(true) => runners.schedule(Arc::clone(self)),
            Err(job) => job.refuse(&format!(
                "{WAITING_JOBS} commands wait for this target already: it is slower than they come"
            )),
        }
    }

    /// Carries out jobs as long as there are any.
    pub(super) async fn work(self: Arc<Self>) {
        while let Some(job) = self.mailbox.next() {
            // Handlers are caught on their own; this is for what else is user code, such as keys of
            // members. A job that is dropped has answered.
            let ran = AssertUnwindSafe(job.run(&self)).catch_unwind().await;
            if ran.is_err() {
                error!("carrying out an action panicked outside of its handler");
            }
        }
    }
}
