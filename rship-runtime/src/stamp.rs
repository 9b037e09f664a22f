//! Stamps of events: the time, and a transaction id that is unique for each.

use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use rship_core::wire::Stamp;
use uuid::Uuid;

/// Makes stamps without allocating for each.
pub(crate) struct Stamper {
    created_at: String,
    first: u128,
    count: u64,
    text: [u8; uuid::fmt::Hyphenated::LENGTH],
}

impl Stamper {
    pub(crate) fn new() -> Self {
        let mut stamper = Self {
            created_at: String::new(),
            first: Uuid::new_v4().as_u128(),
            count: 0,
            text: [0; uuid::fmt::Hyphenated::LENGTH],
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
        self.count += 1;
        // Counting in the low 48 bits leaves version and variant of the random id as they are.
        let low = u128::from(self.count) & 0xffff_ffff_ffff;
        let tx = Uuid::from_u128(self.first ^ low);
        Stamp {
            created_at: &self.created_at,
            tx: tx.hyphenated().encode_lower(&mut self.text),
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
