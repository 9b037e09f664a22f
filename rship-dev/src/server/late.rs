//! Commands that were given up, for when their answers come all the same.

use std::collections::VecDeque;

/// How many are known.
const KEPT: usize = 64;
/// The most bytes of a name, and of a tx, that are kept.
const LENGTH: usize = 256;

/// The last commands whose time was over, by tx.
#[derive(Debug, Default)]
pub(crate) struct Late(VecDeque<(String, String)>);

impl Late {
    /// Keeps what was given up under this tx.
    pub(crate) fn keep(&mut self, tx: &str, what: String) {
        if tx.len() > LENGTH || what.len() > LENGTH {
            return;
        }
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back((tx.to_owned(), what));
    }

    /// What was given up under this tx, if that is known; it is told once.
    pub(crate) fn take(&mut self, tx: &str) -> Option<String> {
        let place = self.0.iter().position(|(known, _)| known == tx)?;
        Some(self.0.remove(place)?.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_ones_are_known_once_and_nothing_large_is_kept() {
        let mut late = Late::default();
        for number in 0..=KEPT {
            late.keep(&number.to_string(), format!("stand:{number}"));
        }
        assert_eq!(late.take("0"), None, "the oldest is forgotten");
        assert_eq!(late.take("1").as_deref(), Some("stand:1"));
        assert_eq!(late.take("1"), None);
        late.keep("large", "x".repeat(LENGTH + 1));
        assert_eq!(late.take("large"), None);
    }
}
