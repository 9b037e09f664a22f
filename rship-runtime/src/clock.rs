//! The clock: looks at emitters that are computed every so often.

use std::collections::BTreeSet;
use std::sync::{Arc, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::hub::Hub;
use crate::tree::{Look, Tree};

struct Due {
    tree: Weak<Tree>,
    period: Duration,
    next: Instant,
}

/// Runs until it is dropped.
pub(crate) async fn run(hub: &Arc<Hub>) {
    let mut dues: Vec<Due> = Vec::new();
    refresh(hub, &mut dues);
    loop {
        let next = dues.iter().map(|due| due.next).min();
        let wait = async {
            match next {
                Some(next) => sleep_until(next).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = hub.clock.notified() => refresh(hub, &mut dues),
            () = wait => tick(&mut dues),
        }
    }
}

/// Adds what is new and forgets what is gone.
fn refresh(hub: &Hub, dues: &mut Vec<Due>) {
    let clocked: Vec<(Arc<Tree>, BTreeSet<Duration>)> = hub.registry().clocked();
    let now = Instant::now();
    let mut fresh = Vec::new();
    for (tree, periods) in clocked {
        for period in periods {
            let known = dues.iter().find(|due| {
                due.period == period && std::ptr::eq(due.tree.as_ptr(), Arc::as_ptr(&tree))
            });
            fresh.push(Due {
                next: known.map_or(now + period, |due| due.next),
                tree: Arc::downgrade(&tree),
                period,
            });
        }
    }
    *dues = fresh;
}

fn tick(dues: &mut [Due]) {
    let now = Instant::now();
    for due in dues.iter_mut().filter(|due| due.next <= now) {
        // A look that was missed is not made up for: only the present value counts.
        due.next = now + due.period;
        if let Some(tree) = due.tree.upgrade() {
            look(tree, due.period);
        }
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
