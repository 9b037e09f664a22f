//! Things that wait once each, in the order in which they came, and can be withdrawn.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// Things that no longer wait and are left in the queue at most, beside as many as wait.
const LEFT: usize = 64;

/// Each that waits is known by its number, with what belongs to it. What is withdrawn stays in the queue until
/// it is its turn, or until that is most of the queue.
pub(super) struct Ordered<K, V = ()> {
    known: HashMap<K, (u64, V)>,
    queue: VecDeque<(u64, K)>,
    last: u64,
}

impl<K, V> Default for Ordered<K, V> {
    fn default() -> Self {
        Self {
            known: HashMap::new(),
            queue: VecDeque::new(),
            last: 0,
        }
    }
}

impl<K: Clone + Eq + Hash, V: Default> Ordered<K, V> {
    /// Has something wait, unless it does.
    pub(super) fn push(&mut self, key: K) {
        if !self.contains(&key) {
            self.insert(key, V::default());
        }
    }
}

impl<K: Clone + Eq + Hash, V> Ordered<K, V> {
    pub(super) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    pub(super) fn contains(&self, key: &K) -> bool {
        self.known.contains_key(key)
    }

    /// Has something wait behind all others.
    pub(super) fn insert(&mut self, key: K, value: V) {
        self.last += 1;
        self.known.insert(key.clone(), (self.last, value));
        self.queue.push_back((self.last, key));
    }

    /// What belongs to something that waits, behind all others if it did not.
    pub(super) fn entry(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        let Self { known, queue, last } = self;
        let (_, value) = known.entry(key).or_insert_with_key(|key| {
            *last += 1;
            queue.push_back((*last, key.clone()));
            (*last, V::default())
        });
        value
    }

    /// All that wait.
    pub(super) fn keys(&self) -> impl Iterator<Item = &K> {
        let waiting = self.queue.iter();
        waiting.filter_map(|(number, key)| self.is_at(key, *number).then_some(key))
    }

    pub(super) fn pop(&mut self) -> Option<(K, V)> {
        loop {
            let (number, key) = self.queue.pop_front()?;
            if self.is_at(&key, number)
                && let Some(value) = self.remove(&key)
            {
                return Some((key, value));
            }
        }
    }

    pub(super) fn remove(&mut self, key: &K) -> Option<V> {
        let (_, value) = self.known.remove(key)?;
        self.give_back();
        Some(value)
    }

    pub(super) fn clear(&mut self) {
        self.known = HashMap::new();
        self.queue = VecDeque::new();
    }

    fn is_at(&self, key: &K, number: u64) -> bool {
        self.known.get(key).is_some_and(|(at, _)| *at == number)
    }

    /// Forgets what was withdrawn when it is most of the queue, and gives memory back that is not needed.
    fn give_back(&mut self) {
        let waiting = self.known.len();
        if waiting == 0 {
            return self.clear();
        }
        if self.queue.len() <= 2 * waiting + LEFT {
            return;
        }
        let mut queue = VecDeque::with_capacity(2 * waiting);
        while let Some((number, key)) = self.queue.pop_front() {
            if self.is_at(&key, number) {
                queue.push_back((number, key));
            }
        }
        self.queue = queue;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_waits_once_and_what_is_withdrawn_and_comes_again_is_last() {
        let mut ordered: Ordered<_> = Ordered::default();
        for key in ["a", "b", "a", "c"] {
            ordered.push(key);
        }
        ordered.remove(&"a");
        ordered.push("a");
        let order: Vec<_> = std::iter::from_fn(|| Some(ordered.pop()?.0)).collect();
        assert_eq!(order, ["b", "c", "a"]);
        assert!(ordered.is_empty());
    }

    #[test]
    fn what_comes_and_is_withdrawn_for_ever_behind_one_that_waits_leaves_nothing() {
        let mut ordered: Ordered<_> = Ordered::default();
        ordered.push(0);
        for key in 1..10_000 {
            ordered.push(key);
            ordered.remove(&key);
        }
        assert!(ordered.queue.len() <= 2 + LEFT);
        assert!(ordered.queue.capacity() <= 4 * LEFT);
        assert_eq!(ordered.pop(), Some((0, ())));
        assert_eq!((ordered.pop(), ordered.queue.capacity()), (None, 0));
    }
}
