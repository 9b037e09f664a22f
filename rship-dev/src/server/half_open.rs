//! Connections on which no WebSocket is opened yet: of too many, the oldest makes room.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// All of them, the oldest first; each ends when its sender is dropped.
#[derive(Debug, Default)]
pub(crate) struct HalfOpen {
    all: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    came: u64,
    by_number: BTreeMap<u64, oneshot::Sender<()>>,
}

/// The place of one among them, as long as it is held.
pub(crate) struct Place {
    number: u64,
    among: Arc<HalfOpen>,
    /// Resolves when it has to make room.
    pub(crate) crowded_out: oneshot::Receiver<()>,
}

impl HalfOpen {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // A panic leaves a map that is still a map.
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for one more, of `most` at the most.
    pub(crate) fn enter(self: &Arc<Self>, most: usize) -> Place {
        let (alive, crowded_out) = oneshot::channel();
        let mut waiting = self.lock();
        let number = waiting.came;
        waiting.came += 1;
        waiting.by_number.insert(number, alive);
        while waiting.by_number.len() > most.max(1) {
            waiting.by_number.pop_first();
        }
        Place {
            number,
            among: Arc::clone(self),
            crowded_out,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.among.lock().by_number.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_oldest_of_too_many_makes_room() {
        let all = Arc::new(HalfOpen::default());
        let mut oldest = all.enter(2);
        let mut second = all.enter(2);
        drop(all.enter(2));
        assert!((&mut oldest.crowded_out).await.is_err());
        let _third = all.enter(2);
        assert!(
            second
                .crowded_out
                .try_recv()
                .is_err_and(|error| error == oneshot::error::TryRecvError::Empty)
        );
    }
}
