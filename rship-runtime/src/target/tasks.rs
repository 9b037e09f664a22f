//! The tasks of an executor's handlers: each has an owner who cancels it and waits for it.

use std::sync::{Arc, Mutex};

use async_task::Task;
use futures_util::FutureExt as _;

use super::Tree;
use super::context::Context;
use super::lock::lock;
use super::pool::{self, What};
use super::roll::Roll;
use crate::work::Work;

#[derive(Default)]
pub(crate) struct Tasks(Mutex<State>);

#[derive(Default)]
struct State {
    ended: bool,
    last: u64,
    all: Roll<Task<()>>,
}

/// A task that runs, for as long as it does.
struct Running {
    context: Arc<Context>,
    number: u64,
}

impl Drop for Running {
    fn drop(&mut self) {
        let own = lock(&self.context.tasks.0).all.remove(self.number);
        if let Some(own) = own {
            own.detach();
        }
    }
}

impl Tasks {
    /// Has the handler pool do some work until it is ready or the executor ends.
    pub(super) fn spawn(&self, context: &Arc<Context>, tree: &Arc<Tree>, what: What, work: Work) {
        let mut state = lock(&self.0);
        if state.ended {
            drop(state);
            // What is dropped has answered.
            return drop(work);
        }
        state.last += 1;
        let number = state.last;
        let running = Running {
            context: Arc::clone(context),
            number,
        };
        let work = Box::pin(async move {
            let _running = running;
            work.await;
        });
        let (runnable, task) = pool::task(tree, what, work);
        state.all.insert(number, task);
        drop(state);
        runnable.schedule();
    }

    /// Cancels all tasks, lets none begin any more, and waits until all have ended.
    pub(crate) async fn end(&self) {
        let all = {
            let mut state = lock(&self.0);
            state.ended = true;
            std::mem::take(&mut state.all)
        };
        let mut ending: Vec<_> = all.into_all().map(|task| Box::pin(task.cancel())).collect();
        // All are told before one is waited for.
        ending.retain_mut(|task| task.now_or_never().is_none());
        for task in ending {
            task.await;
        }
    }
}
