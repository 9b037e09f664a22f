//! Pauses between connections: doubling up to a cap, shortened at random so that a hall full of devices
//! does not come back in one instant.

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use crate::world;

pub(super) struct Backoff {
    first: Duration,
    longest: Duration,
    next: Duration,
}

impl Backoff {
    pub(super) fn new((first, longest): (Duration, Duration)) -> Self {
        Self {
            first,
            longest,
            next: first,
        }
    }

    /// The pause after a connection on which the server was heard for this long. One of 2 s, or of the
    /// longest pause if that is shorter, counts as good: the next pause is the first one again.
    pub(super) fn after(&mut self, lasted: Duration) -> Duration {
        if lasted >= self.longest.min(Duration::from_secs(2)) {
            self.next = self.first;
        }
        let full = self.next;
        self.next = (full * 2).min(self.longest);
        full.mul_f64(1.0 - random() / 2.0)
    }
}

/// A number from 0 to 1; each hasher of the standard library has a random seed.
fn random() -> f64 {
    let bits = world::random().unwrap_or_else(|| RandomState::new().hash_one(0)) >> 11;
    bits as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_are_shortened_by_at_most_half() {
        let (first, longest) = (Duration::from_millis(100), Duration::from_millis(350));
        let mut backoff = Backoff::new((first, longest));
        for full in [100, 200, 350, 350] {
            let full = Duration::from_millis(full);
            let pause = backoff.after(Duration::ZERO);
            assert!(pause <= full && pause >= full / 2, "{pause:?} of {full:?}");
        }
    }

    #[test]
    fn a_good_connection_begins_the_pauses_anew() {
        let mut backoff = Backoff::new((Duration::from_millis(100), Duration::from_secs(10)));
        for _ in 0..5 {
            backoff.after(Duration::ZERO);
        }
        assert!(backoff.after(Duration::from_secs(60)) <= Duration::from_millis(100));
    }
}
