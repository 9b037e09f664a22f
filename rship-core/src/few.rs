//! A map of few entries, in the order of their keys: one block of memory, and a tenth of a tree's code.

use std::borrow::Borrow;

/// A map that is read often and seldom grows: finding an entry halves the rest, adding one moves those after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Few<K, V>(Vec<(K, V)>);

impl<K, V> Default for Few<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Ord, V> Few<K, V> {
    fn place<Q: Ord + ?Sized>(&self, key: &Q) -> Result<usize, usize>
    where
        K: Borrow<Q>,
    {
        self.0
            .binary_search_by(|(known, _)| known.borrow().cmp(key))
    }

    /// The value of a key.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let place = self.place(key).ok()?;
        Some(&self.0[place].1)
    }

    /// The value of a key, to be changed.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let place = self.place(key).ok()?;
        Some(&mut self.0[place].1)
    }

    /// The value of a key, made when there is none.
    pub fn entry(&mut self, key: K, new: impl FnOnce() -> V) -> &mut V {
        let place = self.place(&key).unwrap_or_else(|place| {
            self.0.insert(place, (key, new()));
            place
        });
        &mut self.0[place].1
    }

    /// Sets the value of a key.
    pub fn insert(&mut self, key: K, value: V) {
        match self.place(&key) {
            Ok(place) => self.0[place].1 = value,
            Err(place) => self.0.insert(place, (key, value)),
        }
    }

    /// Takes a key out, with its value.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let place = self.place(key).ok()?;
        let (_, value) = self.0.remove(place);
        Some(value)
    }

    /// Forgets all entries but some.
    pub fn retain(&mut self, stays: impl FnMut(&(K, V)) -> bool) {
        self.0.retain(stays);
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All entries.
    pub fn iter(&self) -> std::slice::Iter<'_, (K, V)> {
        self.0.iter()
    }

    /// The values of all entries, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.0.iter_mut().map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_found_replaced_removed_and_in_the_order_of_their_keys() {
        let mut few = Few::default();
        for (key, value) in [(3, 'c'), (1, 'x'), (2, 'b'), (1, 'a')] {
            few.insert(key, value);
        }
        *few.entry(4, || 'x') = 'd';
        assert_eq!(few.entry(2, || 'x'), &'b');
        few.remove(&3);
        assert_eq!((few.get(&1), few.get(&3)), (Some(&'a'), None));
        let all: Vec<_> = few.iter().copied().collect();
        assert_eq!(all, [(1, 'a'), (2, 'b'), (4, 'd')]);
    }
}
