//! The lock of a tree: who holds it, who waits for it, and since when.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::panic::Location;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::OwnedMutexGuard;

use super::reference::Reference;
use super::{Tree, TreeState};

/// How long a lock may be waited for before the log says so.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// Who locks a tree.
#[derive(Clone)]
pub(crate) enum Who {
    Action(Arc<Reference>, usize),
    /// A handle's `lock`, by where it was called.
    Guard(&'static Location<'static>),
    /// A look at what is computed by the clock.
    Sampling,
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Action(target, action) => write!(f, "action `{}`", target.action_id(*action)),
            Self::Guard(place) => {
                write!(
                    f,
                    "a guard that was locked at {}:{}",
                    place.file(),
                    place.line()
                )
            }
            Self::Sampling => f.write_str("a look at values computed by the clock"),
        }
    }
}

#[derive(Default)]
pub(super) struct Occupancy {
    holder: Option<(Who, Instant)>,
    waiters: Vec<Waiter>,
    last: u64,
}

struct Waiter {
    number: u64,
    who: Who,
    since: Instant,
    said: bool,
}

/// A locked tree.
pub(crate) struct Held {
    tree: Arc<Tree>,
    state: OwnedMutexGuard<TreeState>,
}

impl Deref for Held {
    type Target = TreeState;

    fn deref(&self) -> &TreeState {
        &self.state
    }
}

impl DerefMut for Held {
    fn deref_mut(&mut self) -> &mut TreeState {
        &mut self.state
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // Before the lock is given on.
        self.tree.occupancy().holder = None;
    }
}

impl Held {
    pub(crate) fn tree(&self) -> &Arc<Tree> {
        &self.tree
    }
}

/// Somebody who waits, for as long as they do.
struct Waiting<'t> {
    tree: &'t Arc<Tree>,
    number: u64,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut occupancy = self.tree.occupancy();
        occupancy
            .waiters
            .retain(|waiter| waiter.number != self.number);
    }
}

impl Tree {
    fn occupancy(&self) -> MutexGuard<'_, Occupancy> {
        lock(&self.occupancy)
    }

    fn held(self: &Arc<Self>, state: OwnedMutexGuard<TreeState>, who: Who) -> Held {
        self.occupancy().holder = Some((who, Instant::now()));
        Held {
            tree: Arc::clone(self),
            state,
        }
    }

    /// Locks the tree if that is possible at once.
    pub(crate) fn try_lock(self: &Arc<Self>, who: Who) -> Result<Held, Who> {
        match Arc::clone(&self.state).try_lock_owned() {
            Ok(state) => Ok(self.held(state, who)),
            Err(_) => Err(who),
        }
    }

    /// Waits for the tree and locks it. Whoever asks first gets it first.
    pub(crate) async fn lock(self: &Arc<Self>, who: Who) -> Held {
        let who = match self.try_lock(who) {
            Ok(held) => return held,
            Err(who) => who,
        };
        let waiting = self.wait(&who);
        let state = Arc::clone(&self.state).lock_owned().await;
        drop(waiting);
        self.held(state, who)
    }

    /// The same on a thread that may block.
    pub(crate) fn blocking_lock(self: &Arc<Self>, who: Who) -> Held {
        let who = match self.try_lock(who) {
            Ok(held) => return held,
            Err(who) => who,
        };
        let waiting = self.wait(&who);
        let state = Arc::clone(&self.state).blocking_lock_owned();
        drop(waiting);
        self.held(state, who)
    }

    fn wait(self: &Arc<Self>, who: &Who) -> Waiting<'_> {
        let number = {
            let mut occupancy = self.occupancy();
            occupancy.last += 1;
            let number = occupancy.last;
            occupancy.waiters.push(Waiter {
                number,
                who: who.clone(),
                since: Instant::now(),
                said: false,
            });
            number
        };
        self.context.attention.call(self);
        Waiting { tree: self, number }
    }

    pub(super) fn has_waiters(&self) -> bool {
        !self.occupancy().waiters.is_empty()
    }

    /// Who holds the tree, and for how long.
    pub(super) fn holder(&self) -> Option<String> {
        let occupancy = self.occupancy();
        let (who, since) = occupancy.holder.as_ref()?;
        Some(format!("{who}, for {:.1} s", since.elapsed().as_secs_f64()))
    }

    /// Somebody other than its own commands who has waited for the tree for long.
    pub(super) fn guard_that_waits(&self) -> Option<String> {
        let occupancy = self.occupancy();
        let mut waiters = occupancy.waiters.iter();
        let waiter = waiters.find(|waiter| !matches!(waiter.who, Who::Sampling))?;
        Some(format!(
            "{} has waited for {:.1} s",
            waiter.who,
            waiter.since.elapsed().as_secs_f64()
        ))
    }

    /// What the log must say of those who have waited for long, once of each.
    pub(super) fn long_waits(&self) -> Vec<String> {
        let mut occupancy = self.occupancy();
        let Occupancy {
            holder, waiters, ..
        } = &mut *occupancy;
        let late = waiters
            .iter_mut()
            .filter(|waiter| !waiter.said && waiter.since.elapsed() >= PATIENCE);
        let said = late.map(|waiter| {
            waiter.said = true;
            let held = holder.as_ref().map_or_else(String::new, |(who, since)| {
                let held = since.elapsed().as_secs_f64();
                format!(", which is held by {who}, for {held:.1} s")
            });
            let waited = waiter.since.elapsed().as_secs_f64();
            format!(
                "{} has waited {waited:.1} s for target `{}`{held}",
                waiter.who, self.id
            )
        });
        said.collect()
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
