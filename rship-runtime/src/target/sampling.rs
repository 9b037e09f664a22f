//! Sampling: looks at what others change, by the clock or because they say so.

use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use rship_core::few::Few;
use tokio::sync::Notify;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::Tree;
use super::lock::{Who, lock};
use super::pool::What;
use super::publish::Look;

/// As often as timers tick; a period of nothing would never end.
const SHORTEST: Duration = Duration::from_millis(1);

/// As seldom as a clock can be set.
const LONGEST: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

/// How often a tree is looked at that has targets behind locks of the user's, unless told otherwise.
const SHARED: Duration = Duration::from_millis(100);

/// A look that waits for its tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// At what is looked at this often.
    Clock(Duration),
    /// At everything.
    All,
}

/// The trees that have values which are computed by the clock, by how often.
#[derive(Default)]
pub(crate) struct Sampling {
    periods: Mutex<Periods>,
    wake: Notify,
}

#[derive(Default)]
struct Periods {
    /// By the trees' addresses, which are not used again as long as somebody holds them weakly.
    trees: Few<Duration, Few<usize, Weak<Tree>>>,
    new: Vec<Duration>,
}

impl Sampling {
    /// Has a tree looked at this often, until it is removed.
    pub(super) fn watch(&self, tree: &Weak<Tree>, period: Duration) {
        let mut periods = lock(&self.periods);
        let Periods { trees, new } = &mut *periods;
        let trees = trees.entry(period, || {
            new.push(period);
            Few::default()
        });
        trees.insert(tree.as_ptr().addr(), Weak::clone(tree));
        drop(periods);
        self.wake.notify_one();
    }

    /// Forgets a tree.
    pub(super) fn forget(&self, tree: &Tree) {
        let address = std::ptr::from_ref(tree).addr();
        for trees in lock(&self.periods).trees.values_mut() {
            trees.remove(&address);
        }
    }

    /// Runs until it is dropped.
    pub(crate) async fn run(&self) -> std::convert::Infallible {
        let mut clocks = FuturesUnordered::new();
        loop {
            for period in std::mem::take(&mut lock(&self.periods).new) {
                clocks.push(self.tick(period).boxed());
            }
            tokio::select! {
                biased;
                () = self.wake.notified() => {}
                Some(()) = clocks.next(), if !clocks.is_empty() => {}
            }
        }
    }

    /// Looks at all trees of one period as often, until there are none.
    async fn tick(&self, period: Duration) {
        let often = period.clamp(SHORTEST, LONGEST);
        let mut clock = interval_at(Instant::now() + often, often);
        // A look that was missed is not made up for: only the present value counts.
        clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            clock.tick().await;
            let due: Vec<_> = {
                let mut periods = lock(&self.periods);
                let Some(trees) = periods.trees.get(&period).filter(|trees| !trees.is_empty())
                else {
                    periods.trees.remove(&period);
                    return;
                };
                let trees = trees.iter().map(|(_, tree)| tree);
                trees.filter_map(Weak::upgrade).collect()
            };
            for tree in due {
                look(&tree, Due::Clock(period));
            }
        }
    }
}

/// Looks at the tree on the handler pool, because an action may hold it for long, and values are computed
/// by user code.
fn look(tree: &Arc<Tree>, what: Due) {
    {
        let mut due = lock(&tree.due_looks);
        if due.contains(&what) {
            return;
        }
        due.push(what);
        if due.len() > 1 {
            // Whoever waits for the lock takes this look as well.
            return;
        }
    }
    let own = Arc::clone(tree);
    let work = Box::pin(async move {
        let mut held = own.lock(Who::Sampling).await;
        let due = std::mem::take(&mut *lock(&own.due_looks));
        for what in due {
            match what {
                Due::All => _ = held.publish(Look::Along(&[])),
                Due::Clock(period) => {
                    held.publish(Look::Clock(period));
                    if *lock(&own.looked_at) == Some(period) {
                        held.publish(Look::Along(&[]));
                    }
                }
            }
        }
    });
    let context = &tree.context;
    context.tasks.spawn(context, tree, What::Sampling, work);
}

impl Tree {
    /// Has all of it looked at soon.
    pub(crate) fn look_soon(self: &Arc<Self>) {
        look(self, Due::All);
    }

    /// Has all of it looked at this often.
    pub(crate) fn look_every(self: &Arc<Self>, period: Duration) {
        let period = period.max(SHORTEST);
        *lock(&self.looked_at) = Some(period);
        self.context.sampling.watch(&Arc::downgrade(self), period);
    }

    /// Has it looked at by the clock, because a part of it is behind a lock of the user's.
    pub(super) fn watch_shared(self: &Arc<Self>) {
        if lock(&self.looked_at).is_none() {
            self.look_every(SHARED);
        }
    }
}
