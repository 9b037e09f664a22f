//! The watch of an executor: answers what is late, and says who waits for a lock for long.

use std::convert::Infallible;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::time::sleep;

use super::Tree;
use super::lock::lock;
use crate::journal::alert;

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
        let now = Instant::now();
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
