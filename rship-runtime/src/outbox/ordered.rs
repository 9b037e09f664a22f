//! Things that wait once each, in the order in which they came, and can be withdrawn.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// Things that no longer wait and are left in the queue at most, beside as many as wait.
const LEFT: usize = 64;

/// Each that waits is known by its number. What is withdrawn stays in the queue until it is its turn, or until
/// that is most of the queue.
pub(super) struct Ordered<K> {
    numbers: HashMap<K, u64>,
    queue: VecDeque<(u64, K)>,
    last: u64,
}

impl<K> Default for Ordered<K> {
    fn default() -> Self {
        Self {
            numbers: HashMap::new(),
            queue: VecDeque::new(),
            last: 0,
        }
    }
}

impl<K: Clone + Eq + Hash> Ordered<K> {
    pub(super) fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// Has something wait, unless it does.
    pub(super) fn push(&mut self, key: K) {
        if self.numbers.contains_key(&key) {
            return;
        }
        self.last += 1;
        self.numbers.insert(key.clone(), self.last);
        self.queue.push_back((self.last, key));
    }

    pub(super) fn pop(&mut self) -> Option<K> {
        loop {
            let (number, key) = self.queue.pop_front()?;
            if self.numbers.get(&key) == Some(&number) {
                self.numbers.remove(&key);
                self.give_back();
                return Some(key);
            }
        }
    }

    pub(super) fn remove(&mut self, key: &K) {
        if self.numbers.remove(key).is_some() {
            self.give_back();
        }
    }

    pub(super) fn clear(&mut self) {
        self.numbers = HashMap::new();
        self.queue = VecDeque::new();
    }

    /// Forgets what was withdrawn when it is most of the queue, and gives memory back that is not needed.
    fn give_back(&mut self) {
        let waiting = self.numbers.len();
        if waiting == 0 {
            return self.clear();
        }
        if self.queue.len() > 2 * waiting + LEFT {
            let numbers = &self.numbers;
            self.queue
                .retain(|(number, key)| numbers.get(key) == Some(number));
            self.queue.shrink_to(2 * waiting);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_waits_once_and_what_is_withdrawn_and_comes_again_is_last() {
        let mut ordered = Ordered::default();
        for key in ["a", "b", "a", "c"] {
            ordered.push(key);
        }
        ordered.remove(&"a");
        ordered.push("a");
        let order: Vec<_> = std::iter::from_fn(|| ordered.pop()).collect();
        assert_eq!(order, ["b", "c", "a"]);
        assert!(ordered.is_empty());
    }

    #[test]
    fn what_comes_and_is_withdrawn_for_ever_behind_one_that_waits_leaves_nothing() {
        let mut ordered = Ordered::default();
        ordered.push(0);
        for key in 1..10_000 {
            ordered.push(key);
            ordered.remove(&key);
        }
        assert!(ordered.queue.len() <= 2 + LEFT);
        assert!(ordered.queue.capacity() <= 4 * LEFT);
        assert_eq!(ordered.pop(), Some(0));
        assert_eq!((ordered.pop(), ordered.queue.capacity()), (None, 0));
    }
}
