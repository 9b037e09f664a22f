//! The mailbox of a tree: commands wait here in the order of their arrival, and a task carries them
//! out one at a time while there are any.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Job, Tree};

/// Commands that may wait for one tree; a further one is answered with an error at once.
const WAITING_JOBS: usize = 1024;

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
    fn put(&self, job: Job) -> Result<bool, Box<Job>> {
        let mut state = self.state();
        if state.jobs.len() >= WAITING_JOBS {
            return Err(Box::new(job));
        }
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
    /// Has a command carried out when those before it are done. Called inside a tokio runtime.
    pub(crate) fn submit(self: &Arc<Self>, job: Job) {
        match self.mailbox.put(job) {
            Ok(false) => {}
            Ok(true) => {
                let tree = Arc::clone(self);
                tokio::spawn(async move {
                    while let Some(job) = tree.mailbox.next() {
                        job.run(&tree).await;
                    }
                });
            }
            Err(job) => job.refuse(&format!(
                "{WAITING_JOBS} commands wait for this target already: it is slower than they come"
            )),
        }
    }
}
