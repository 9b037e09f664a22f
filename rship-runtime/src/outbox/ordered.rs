//! Things that wait once each, in the order in which they came, and can be withdrawn.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

pub(super) struct Ordered<K> {
    numbers: HashMap<K, u64>,
    waiting: BTreeMap<u64, K>,
    last: u64,
}

impl<K> Default for Ordered<K> {
    fn default() -> Self {
        Self {
            numbers: HashMap::new(),
            waiting: BTreeMap::new(),
            last: 0,
        }
    }
}

impl<K: Clone + Eq + Hash> Ordered<K> {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Has something wait, unless it does.
    pub(super) fn push(&mut self, key: K) {
        let Self {
            numbers,
            waiting,
            last,
        } = self;
        numbers.entry(key).or_insert_with_key(|key| {
            *last += 1;
            waiting.insert(*last, key.clone());
            *last
        });
    }

    pub(super) fn pop(&mut self) -> Option<K> {
        let (_, key) = self.waiting.pop_first()?;
        self.numbers.remove(&key);
        if self.numbers.is_empty() {
            self.numbers.shrink_to(0);
        }
        Some(key)
    }

    pub(super) fn remove(&mut self, key: &K) {
        if let Some(number) = self.numbers.remove(key) {
            self.waiting.remove(&number);
        }
    }

    pub(super) fn clear(&mut self) {
        self.numbers = HashMap::new();
        self.waiting.clear();
    }
}
