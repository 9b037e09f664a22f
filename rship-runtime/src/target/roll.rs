//! A roll: what is there, by numbers that only grow.

/// Places that are empty and kept at most, beside as many as are taken.
const EMPTY: usize = 64;

/// In the order of the numbers. Who leaves empties a place; when most are empty, the others close up.
pub(super) struct Roll<T> {
    places: Vec<(u64, Option<T>)>,
    taken: usize,
}

impl<T> Default for Roll<T> {
    fn default() -> Self {
        Self {
            places: Vec::new(),
            taken: 0,
        }
    }
}

impl<T> Roll<T> {
    /// The first place whose number is not below this one.
    fn place(&self, number: u64) -> usize {
        self.places.partition_point(|(known, _)| *known < number)
    }

    pub(super) fn get(&self, number: u64) -> Option<&T> {
        let (known, taken) = self.places.get(self.place(number))?;
        taken.as_ref().filter(|_| *known == number)
    }

    /// Takes a place for a number that was never there.
    pub(super) fn insert(&mut self, number: u64, value: T) {
        // Nearly always the last.
        let place = self.place(number);
        self.places.insert(place, (number, Some(value)));
        self.taken += 1;
    }

    pub(super) fn remove(&mut self, number: u64) -> Option<T> {
        let place = self.place(number);
        let (_, taken) = self
            .places
            .get_mut(place)
            .filter(|(known, _)| *known == number)?;
        let left = taken.take()?;
        self.taken -= 1;
        if self.places.len() > 2 * self.taken + EMPTY {
            self.places.retain(|(_, taken)| taken.is_some());
            self.places.shrink_to(2 * self.taken);
        }
        Some(left)
    }

    /// The first after this number.
    pub(super) fn after(&self, number: u64) -> Option<&T> {
        let after = self.places.partition_point(|(known, _)| *known <= number);
        self.places[after..]
            .iter()
            .find_map(|(_, taken)| taken.as_ref())
    }

    /// Takes all out.
    pub(super) fn into_all(self) -> impl Iterator<Item = T> {
        self.places.into_iter().filter_map(|(_, taken)| taken)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &T> {
        self.places.iter().filter_map(|(_, taken)| taken.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_leaves_is_not_found_and_whoever_comes_after_is() {
        let mut roll = Roll::default();
        for number in [1, 2, 4, 3] {
            roll.insert(number, number);
        }
        assert_eq!(roll.remove(2), Some(2));
        assert_eq!(roll.remove(2), None);
        assert_eq!(roll.get(2), None);
        assert_eq!(roll.get(4), Some(&4));
        assert_eq!(roll.after(1), Some(&3));
        assert_eq!(roll.after(4), None);
        assert_eq!(roll.all().collect::<Vec<_>>(), [&1, &3, &4]);
    }

    #[test]
    fn what_comes_and_goes_for_ever_leaves_no_places_behind() {
        let mut roll = Roll::default();
        roll.insert(0, ());
        for number in 1..10_000 {
            roll.insert(number, ());
            roll.remove(number);
        }
        assert!(roll.places.capacity() <= 4 * EMPTY);
    }
}
