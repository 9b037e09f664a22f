//! Runners: tasks that carry out the commands of all trees. A task for each tree would wake a thread for
//! nearly every command as soon as they go to many targets.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::coop::consume_budget;
use tokio::time::sleep;

use super::Tree;

/// How long a tree waits for a runner that is at work before another is started.
const PATIENCE: Duration = Duration::from_millis(1);

#[derive(Clone, Default)]
pub(crate) struct Runners(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// Wakes the watch: a tree waits for a runner that is at work.
    waiting: Notify,
}

#[derive(Default)]
struct State {
    /// Trees with jobs that nobody carries out yet.
    ready: VecDeque<Arc<Tree>>,
    /// How many of them a runner ever took.
    taken: usize,
    runners: usize,
    /// Whether a runner was started that has not begun.
    starting: bool,
    watched: bool,
}

impl Runners {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has a tree work off its mailbox, once [`start`](Runners::start) is called.
    pub(super) fn schedule(&self, tree: Arc<Tree>) {
        self.state().ready.push_back(tree);
    }

    /// Begins to carry out what was scheduled; called after one or more commands, inside a tokio runtime.
    pub(crate) fn start(&self) {
        let mut state = self.state();
        if state.ready.is_empty() {
            return;
        }
        let watch = state.ready.len() > 1 || state.runners > 0;
        let watch = watch && !std::mem::replace(&mut state.watched, true);
        if state.runners == 0 {
            self.spawn(state);
        } else {
            drop(state);
        }
        if watch {
            self.0.waiting.notify_one();
        }
    }

    fn spawn(&self, mut state: MutexGuard<'_, State>) {
        state.runners += 1;
        state.starting = true;
        drop(state);
        let runners = self.clone();
        tokio::spawn(async move { runners.run().await });
    }

    async fn run(self) {
        // The memory of a future that has ended.
        let mut ended = None;
        while let Some(tree) = self.next() {
            let mut work = match ended.take() {
                Some(mut work) => {
                    Pin::set(&mut work, tree.work());
                    work
                }
                None => Box::pin(tree.work()),
            };
            let polled = std::future::poll_fn(|context| Poll::Ready(work.as_mut().poll(context)));
            match polled.await {
                Poll::Ready(()) => ended = Some(work),
                // What awaits goes on beside the others.
                Poll::Pending => drop(tokio::spawn(work)),
            }
            consume_budget().await;
        }
    }

    fn next(&self) -> Option<Arc<Tree>> {
        let mut state = self.state();
        state.starting = false;
        let tree = state.ready.pop_front();
        match tree {
            Some(_) => state.taken += 1,
            None => state.runners -= 1,
        }
        tree
    }

    /// Starts further runners when those at work are held up: by a handler that blocks its thread, or by
    /// more work than one thread can do.
    pub(crate) async fn watch(&self) -> Infallible {
        loop {
            self.0.waiting.notified().await;
            loop {
                let (taken, came) = {
                    let state = self.state();
                    (state.taken, state.taken + state.ready.len())
                };
                sleep(PATIENCE).await;
                let mut state = self.state();
                if state.ready.is_empty() {
                    state.watched = false;
                    break;
                }
                let stuck = state.taken == taken;
                let late = state.taken < came;
                let workers = Handle::current().metrics().num_workers();
                if !state.starting && (stuck || late && state.runners < workers) {
                    self.spawn(state);
                }
            }
        }
    }
}
