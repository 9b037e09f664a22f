//! A gate that handlers wait at with their thread, as a handler does that waits for a device.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

use crate::{LIMIT, until};

#[derive(Debug, Default)]
struct Place {
    is_open: bool,
    waiting: usize,
}

#[derive(Debug, Default)]
struct Shared {
    place: Mutex<Place>,
    opened: Condvar,
}

/// The test's side; dropping it opens the gate, so that a test which fails leaves nobody behind.
#[derive(Debug, Default)]
pub struct Gate(Arc<Shared>);

/// The handlers' side.
#[derive(Clone, Debug, Default)]
pub struct Turnstile(Arc<Shared>);

impl Gate {
    /// What handlers wait at.
    #[must_use]
    pub fn turnstile(&self) -> Turnstile {
        Turnstile(Arc::clone(&self.0))
    }

    /// How many threads wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        let place = self.0.place.lock();
        place.unwrap_or_else(PoisonError::into_inner).waiting
    }

    /// Waits until this many threads wait.
    pub async fn wait_for(&self, threads: usize) {
        until("handlers at the gate", || self.waiting() >= threads).await;
    }

    /// Lets everybody through, now and later.
    pub fn open(&self) {
        let place = self.0.place.lock();
        place.unwrap_or_else(PoisonError::into_inner).is_open = true;
        self.0.opened.notify_all();
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.open();
    }
}

impl Turnstile {
    /// Whether the gate is open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        let place = self.0.place.lock();
        place.unwrap_or_else(PoisonError::into_inner).is_open
    }

    /// Blocks the thread until the gate is open, or longer than any test takes.
    pub fn wait(&self) {
        let mut place = self.0.place.lock().unwrap_or_else(PoisonError::into_inner);
        place.waiting += 1;
        let waited = self
            .0
            .opened
            .wait_timeout_while(place, LIMIT * 5, |place| !place.is_open);
        let (mut place, _) = waited.unwrap_or_else(PoisonError::into_inner);
        place.waiting -= 1;
    }
}
