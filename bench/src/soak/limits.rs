//! How much more a device may have in the end than at the start.

use super::sample::Sample;

/// How much more memory the process may have in the end, in KiB: what may wait, and what the allocator
/// keeps in its arenas, one for each thread that ever built a large answer.
const GROWTH: u64 = (64 + 48) * 1024;

/// How much more than in the middle: what grows with time is a leak.
const LATE_GROWTH: u64 = 24 * 1024;

/// What the process had when all was quiet.
#[derive(Debug, Default)]
pub(super) struct Limits {
    start: Option<Sample>,
    middle: Option<Sample>,
}

impl Limits {
    /// What the process may not have more of than this from now on.
    pub(super) fn after(&mut self, sample: Sample) {
        match self.start {
            None => self.start = Some(sample),
            Some(_) => self.middle = Some(sample),
        }
    }

    /// An error says what is too much.
    pub(super) fn judge(&self, now: &Sample) -> Result<(), String> {
        let Some(start) = self.start else {
            return Ok(());
        };
        let grown = |since: Sample, by| now.rss_kib.checked_sub(since.rss_kib + by + 1).is_some();
        if grown(start, GROWTH) {
            return Err(format!(
                "memory grew from {:.1} to {:.1} MiB",
                start.mib(),
                now.mib()
            ));
        }
        if let Some(middle) = self.middle.filter(|middle| grown(*middle, LATE_GROWTH)) {
            return Err(format!(
                "memory grew from {:.1} MiB in the middle to {:.1} MiB",
                middle.mib(),
                now.mib()
            ));
        }
        for (what, before, now) in [
            ("threads", start.threads, now.threads),
            ("descriptors", start.descriptors, now.descriptors),
        ] {
            if now > before {
                return Err(format!("{what} grew from {before} to {now}"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(mib: u64, threads: u64, descriptors: u64) -> Sample {
        Sample {
            rss_kib: mib * 1024,
            threads,
            descriptors,
        }
    }

    fn judged(now: Sample) -> Result<(), String> {
        let mut limits = Limits::default();
        limits.after(sample(10, 5, 16));
        limits.after(sample(80, 5, 16));
        limits.judge(&now)
    }

    #[test]
    fn the_first_sample_is_never_too_much() {
        assert_eq!(Limits::default().judge(&sample(999, 99, 99)), Ok(()));
    }

    #[test]
    fn each_thing_that_grew_too_much_is_told() {
        let told = |text: &str| Err(text.to_owned());
        assert_eq!(judged(sample(104, 5, 16)), Ok(()));
        assert_eq!(
            judged(sample(105, 5, 16)),
            told("memory grew from 80.0 MiB in the middle to 105.0 MiB")
        );
        assert_eq!(
            judged(sample(123, 5, 16)),
            told("memory grew from 10.0 to 123.0 MiB")
        );
        assert_eq!(judged(sample(80, 6, 16)), told("threads grew from 5 to 6"));
        assert_eq!(
            judged(sample(80, 5, 17)),
            told("descriptors grew from 16 to 17")
        );
    }
}
