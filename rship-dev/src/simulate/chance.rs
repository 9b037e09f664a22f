//! Chance that comes out the same for the same seed, in every version and on every machine.

/// SplitMix64: small, and known to the last bit.
#[derive(Debug, Clone)]
pub(super) struct Chance(u64);

impl Chance {
    /// The chance of one thing, by its name, among all that share a seed.
    pub(super) fn of(seed: u64, name: &[&str]) -> Self {
        // FNV-1a, with a byte that no id has between the parts.
        let bytes = name.iter().flat_map(|part| part.bytes().chain([0]));
        let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let mut mixed = Self(seed);
        Self(mixed.draw() ^ hash)
    }

    pub(super) fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to below 1.
    #[expect(
        clippy::cast_precision_loss,
        reason = "the upper 53 bits fit a float exactly"
    )]
    pub(super) fn part(&mut self) -> f64 {
        (self.draw() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Whether something happens that happens so often.
    pub(super) fn hits(&mut self, probability: f64) -> bool {
        self.part() < probability
    }

    /// A position in something of this length; 0 where it has none.
    pub(super) fn below(&mut self, length: usize) -> usize {
        let drawn = u128::from(self.draw()) * length as u128;
        // Less than the length.
        usize::try_from(drawn >> 64).unwrap_or_default()
    }

    /// A whole number from one to another, both included.
    pub(super) fn between(&mut self, from: i128, to: i128) -> i128 {
        let span = u128::try_from(to.saturating_sub(from)).unwrap_or_default();
        let drawn = u128::from(self.draw()) % span.saturating_add(1);
        from.saturating_add(i128::try_from(drawn).unwrap_or_default())
    }

    /// One of several.
    pub(super) fn one_of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        all.get(self.below(all.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_name_draw_the_same_and_others_something_else() {
        let drawn = |seed, name: &[&str]| {
            let mut chance = Chance::of(seed, name);
            [chance.draw(), chance.draw()]
        };
        assert_eq!(drawn(1, &["a", "b"]), drawn(1, &["a", "b"]));
        assert_ne!(drawn(1, &["a", "b"]), drawn(1, &["ab", ""]));
        assert_ne!(drawn(1, &["a", "b"]), drawn(2, &["a", "b"]));
        // Recordings and tests of others rely on it.
        assert_eq!(Chance(0).draw(), 0xe220_a839_7b1d_cdaf);
    }

    #[test]
    fn what_is_drawn_stays_inside() {
        let mut chance = Chance::of(7, &[]);
        for _ in 0..1000 {
            assert!((0.0..1.0).contains(&chance.part()));
            assert!(chance.below(3) < 3);
            assert!((-2..=2).contains(&chance.between(-2, 2)));
        }
        assert_eq!(chance.below(0), 0);
        assert_eq!(chance.between(5, 5), 5);
        assert_eq!(chance.one_of::<u8>(&[]), None);
    }
}
