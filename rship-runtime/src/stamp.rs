//! Stamps of events: the time, and a transaction id that is unique for each.

use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use rship_core::wire::Stamp;
use uuid::Uuid;

/// Makes stamps without allocating for each.
pub(crate) struct Stamper {
    created_at: String,
    /// The low 48 bits of the transaction ids, and how many there were.
    low: u64,
    count: u64,
    /// The text of the last one.
    tx: [u8; uuid::fmt::Hyphenated::LENGTH],
}

impl Stamper {
    pub(crate) fn new() -> Self {
        let first = Uuid::new_v4();
        let mut tx = [0; uuid::fmt::Hyphenated::LENGTH];
        first.hyphenated().encode_lower(&mut tx);
        let mut stamper = Self {
            created_at: String::new(),
            low: first.as_u64_pair().1,
            count: 0,
            tx,
        };
        stamper.look_at_clock();
        stamper
    }

    /// Stamps made from here on carry the time of now.
    pub(crate) fn look_at_clock(&mut self) {
        self.created_at.clear();
        // Writing to a String cannot fail.
        let _ = write!(self.created_at, "{}", now());
    }

    pub(crate) fn next(&mut self) -> Stamp<'_> {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        self.count += 1;
        // Counting in the low 48 bits leaves version and variant of the random id as they are.
        let mut low = self.low ^ self.count;
        for digit in self.tx[24..].iter_mut().rev() {
            *digit = DIGITS[low as usize & 0xf];
            low >>= 4;
        }
        Stamp {
            created_at: &self.created_at,
            // Digits and hyphens are UTF-8.
            tx: std::str::from_utf8(&self.tx).unwrap_or_default(),
        }
    }
}

/// The time of now as events carry it: RFC 3339 in UTC, to the millisecond.
pub(crate) fn now() -> impl std::fmt::Display {
    humantime::format_rfc3339_millis(SystemTime::now())
}

/// Milliseconds since 1970.
pub(crate) fn unix_millis() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transaction_ids_differ_and_are_version_4() {
        let mut stamper = Stamper::new();
        let ids: std::collections::HashSet<_> =
            (0..1000).map(|_| stamper.next().tx.to_owned()).collect();
        assert_eq!(ids.len(), 1000);
        assert!(
            ids.iter()
                .all(|id| id.len() == 36 && id.as_bytes()[14] == b'4')
        );
    }
}
