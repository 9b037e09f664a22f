//! Those who follow every change of the store.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::Notify;

use crate::store::StoreEvent;
use crate::weight;

/// Every change of the store since [`LocalCore::events`](crate::LocalCore::events) was asked for it.
#[derive(Debug)]
pub struct Events {
    queue: Arc<Queue>,
}

/// Why there is no event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EventsError {
    /// So many were lost, because more waited than [`Limits::followed`](crate::Limits::followed); the next one there
    /// is comes next.
    #[error("{0} events of the store were lost: its follower is too slow")]
    Missed(u64),
    /// The core is gone, and all its events were taken.
    #[error("the core is gone")]
    Ended,
}

/// What waits for one follower.
#[derive(Debug)]
struct Queue {
    /// The types that it is about; all when there is none.
    item_types: &'static [&'static str],
    waiting: Mutex<Waiting>,
    news: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    events: VecDeque<(Arc<StoreEvent>, usize)>,
    weight: usize,
    missed: u64,
    ended: bool,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // A panic leaves a queue that is still a queue.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn take(&mut self) -> Result<Option<Arc<StoreEvent>>, EventsError> {
        match std::mem::take(&mut self.missed) {
            0 => {}
            missed => return Err(EventsError::Missed(missed)),
        }
        match self.events.pop_front() {
            Some((event, weight)) => {
                self.weight -= weight;
                Ok(Some(event))
            }
            None if self.ended => Err(EventsError::Ended),
            None => Ok(None),
        }
    }
}

impl Events {
    /// The next event, once there is one.
    ///
    /// # Errors
    /// When events were lost, or the core is gone.
    pub async fn recv(&mut self) -> Result<StoreEvent, EventsError> {
        let queue = Arc::clone(&self.queue);
        loop {
            let news = queue.news.notified();
            if let Some(event) = self.try_recv()? {
                return Ok(event);
            }
            news.await;
        }
    }

    /// The next event, if there is one now.
    ///
    /// # Errors
    /// As [`Events::recv`].
    pub fn try_recv(&mut self) -> Result<Option<StoreEvent>, EventsError> {
        let event = self.queue.lock().take()?;
        Ok(event.map(Arc::unwrap_or_clone))
    }
}

/// The types that somebody follows.
#[derive(Debug, Default)]
pub(crate) struct Followed(Vec<&'static [&'static str]>);

impl Followed {
    pub(crate) fn has(&self, item_type: &str) -> bool {
        self.0.iter().any(|types| is_of(types, item_type))
    }
}

fn is_of(types: &[&str], item_type: &str) -> bool {
    types.is_empty() || types.contains(&item_type)
}

/// All followers.
#[derive(Debug, Default)]
pub(crate) struct Followers {
    queues: Mutex<Vec<Weak<Queue>>>,
}

impl Followers {
    fn lock(&self) -> MutexGuard<'_, Vec<Weak<Queue>>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Another one, of these types or of all when none is named.
    pub(crate) fn follow(&self, item_types: &'static [&'static str]) -> Events {
        let queue = Arc::new(Queue {
            item_types,
            waiting: Mutex::default(),
            news: Notify::new(),
        });
        self.lock().push(Arc::downgrade(&queue));
        Events { queue }
    }

    /// What all of them are about.
    pub(crate) fn followed(&self) -> Followed {
        let mut queues = self.lock();
        queues.retain(|queue| queue.strong_count() > 0);
        let queues = queues.iter().filter_map(Weak::upgrade);
        Followed(queues.map(|queue| queue.item_types).collect())
    }

    /// Tells all of them whom it is for; for whom more than `most` waits loses the oldest.
    pub(crate) fn tell(&self, event: StoreEvent, most: usize) {
        let weight = size_of::<StoreEvent>() + event.id.len() + weight::of(&event.item);
        let event = Arc::new(event);
        let queues = self.lock();
        let queues = queues.iter().filter_map(Weak::upgrade);
        for queue in queues.filter(|queue| is_of(queue.item_types, &event.item_type)) {
            let mut waiting = queue.lock();
            waiting.events.push_back((Arc::clone(&event), weight));
            waiting.weight += weight;
            while waiting.weight > most
                && let Some((_, oldest)) = waiting.events.pop_front()
            {
                waiting.weight -= oldest;
                waiting.missed += 1;
            }
            drop(waiting);
            queue.news.notify_one();
        }
    }
}

impl Drop for Followers {
    fn drop(&mut self) {
        for queue in self.lock().iter().filter_map(Weak::upgrade) {
            queue.lock().ended = true;
            queue.news.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::store::Change;

    fn event(id: &str, data: &str) -> StoreEvent {
        StoreEvent {
            change: Change::Set,
            item_type: "Pulse".into(),
            id: id.into(),
            item: json!({ "data": data }),
            client_id: None,
            unchanged: false,
        }
    }

    #[tokio::test]
    async fn a_slow_follower_loses_the_oldest_and_is_told() {
        let followers = Followers::default();
        assert!(!followers.followed().has("Pulse"));
        let mut slow = followers.follow(&[]);
        let mut quick = followers.follow(&["Pulse"]);
        let mut other = followers.follow(&["Target"]);
        for number in 0..10 {
            followers.tell(event(&number.to_string(), &"x".repeat(1_000)), 5_000);
            assert_eq!(quick.recv().await.unwrap().id, number.to_string());
        }
        assert_eq!(slow.recv().await, Err(EventsError::Missed(8)));
        assert_eq!(slow.recv().await.unwrap().id, "8");
        assert_eq!(other.try_recv(), Ok(None));
        drop(followers);
        assert_eq!(slow.recv().await.unwrap().id, "9");
        assert_eq!(slow.recv().await, Err(EventsError::Ended));
    }

    #[test]
    fn who_is_dropped_is_forgotten() {
        let followers = Followers::default();
        let kept = followers.follow(&["Target"]);
        drop(followers.follow(&[]));
        let followed = followers.followed();
        assert!(followed.has("Target") && !followed.has("Pulse"));
        drop(kept);
        assert!(!followers.followed().has("Target"));
    }
}
