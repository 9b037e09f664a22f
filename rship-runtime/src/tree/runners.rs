//! Runners: tasks that carry out the commands of all trees. To spawn a task for each tree would wake a
//! thread for nearly every command as soon as they go to many targets.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use tokio::runtime::Handle;
use tokio::task::coop::consume_budget;

use super::Tree;

#[derive(Default)]
pub(crate) struct Runners(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// Trees with jobs that nobody carries out yet.
    ready: VecDeque<Arc<Tree>>,
    /// Trees that became ready since runners were started last.
    new: usize,
    /// Runners that were started and have not begun.
    standby: usize,
}

impl Runners {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has a tree work off its mailbox, once runners are started.
    pub(super) fn schedule(&self, tree: Arc<Tree>) {
        let mut state = self.state();
        state.ready.push_back(tree);
        state.new += 1;
    }

    /// Starts as many runners as can run at a time; called after one or more commands, inside a tokio
    /// runtime. Those that are at work do not count: a handler may hold them up.
    pub(crate) fn start(&self) {
        let mut state = self.state();
        let new = std::mem::take(&mut state.new);
        if new == 0 {
            return;
        }
        let wanted = new.min(Handle::current().metrics().num_workers());
        let started = wanted.saturating_sub(state.standby);
        state.standby += started;
        drop(state);
        for _ in 0..started {
            let runners = Self(Arc::clone(&self.0));
            tokio::spawn(async move { runners.run().await });
        }
    }

    async fn run(self) {
        self.state().standby -= 1;
        loop {
            let Some(tree) = self.state().ready.pop_front() else {
                return;
            };
            let mut work = Box::pin(tree.work());
            // What awaits goes on beside the others.
            let ready = std::future::poll_fn(|context| {
                Poll::Ready(Pin::new(&mut work).poll(context).is_ready())
            });
            if !ready.await {
                tokio::spawn(work);
            }
            consume_budget().await;
        }
    }
}
