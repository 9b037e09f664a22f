//! The clock: looks at emitters that are computed every so often.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashSet};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::hub::Hub;
use crate::tree::{Look, Tree};

/// What is to be looked at, as it comes.
#[derive(Default)]
pub(crate) struct Clock {
    new: Mutex<Vec<Watched>>,
    wake: Notify,
}

/// As often as timers tick; a period of nothing would never end.
const SHORTEST: Duration = Duration::from_millis(1);

/// A tree that has values which are computed this often.
struct Watched {
    tree: Weak<Tree>,
    period: Duration,
}

impl Clock {
    /// Has a tree looked at this often, until it is gone.
    pub(crate) fn watch(&self, tree: &Arc<Tree>, period: Duration) {
        self.watched().push(Watched {
            tree: Arc::downgrade(tree),
            period,
        });
        self.wake.notify_one();
    }

    fn watched(&self) -> MutexGuard<'_, Vec<Watched>> {
        self.new.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs until it is dropped.
pub(crate) async fn run(hub: &Arc<Hub>) {
    let mut schedule = Schedule::default();
    loop {
        schedule.add(std::mem::take(&mut *hub.clock.watched()));
        let next = schedule.next();
        let wait = async {
            match next {
                Some(next) => sleep_until(next).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = hub.clock.wake.notified() => {}
            () = wait => schedule.tick(),
        }
    }
}

#[derive(Default)]
struct Schedule {
    /// By a number of their own.
    watched: BTreeMap<u64, Watched>,
    last: u64,
    /// A tree is looked at once for all its emitters of one period.
    known: HashSet<(usize, Duration)>,
    dues: BinaryHeap<Reverse<(Instant, u64)>>,
}

impl Schedule {
    fn add(&mut self, new: Vec<Watched>) {
        let now = Instant::now();
        for watched in new {
            if self.known.insert(watched.key()) {
                self.last += 1;
                let next = now + watched.period.max(SHORTEST);
                self.dues.push(Reverse((next, self.last)));
                self.watched.insert(self.last, watched);
            }
        }
    }

    fn next(&self) -> Option<Instant> {
        self.dues.peek().map(|Reverse((next, _))| *next)
    }

    fn tick(&mut self) {
        let now = Instant::now();
        while let Some(Reverse((next, number))) = self.dues.peek().copied()
            && next <= now
        {
            self.dues.pop();
            let Some(watched) = self.watched.get(&number) else {
                continue;
            };
            let tree = watched.tree.upgrade();
            match tree.filter(|tree| !tree.removed.load(Ordering::Acquire)) {
                Some(tree) => {
                    // A look that was missed is not made up for: only the present value counts.
                    let next = now + watched.period.max(SHORTEST);
                    self.dues.push(Reverse((next, number)));
                    look(tree, watched.period);
                }
                None => {
                    self.known.remove(&watched.key());
                    self.watched.remove(&number);
                }
            }
        }
    }
}

impl Watched {
    /// The tree's address is not used again as long as somebody holds it weakly.
    fn key(&self) -> (usize, Duration) {
        (self.tree.as_ptr().addr(), self.period)
    }
}

/// Looks at the tree off this task, because an action may hold it for long.
fn look(tree: Arc<Tree>, period: Duration) {
    {
        let mut due = due_looks(&tree);
        if due.contains(&period) {
            return;
        }
        due.push(period);
        if due.len() > 1 {
            // Whoever waits for the lock takes this look as well.
            return;
        }
    }
    tokio::spawn(async move {
        let mut state = Arc::clone(&tree.state).lock_owned().await;
        let due = std::mem::take(&mut *due_looks(&tree));
        for period in due {
            state.publish(&tree, Look::Clock(period));
        }
    });
}

fn due_looks(tree: &Tree) -> MutexGuard<'_, Vec<Duration>> {
    tree.due_looks
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
}
