//! What is said once for each file, where the same mistake is in many places.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Where a macro stands.
pub(crate) struct Place {
    pub(crate) file: String,
    pub(crate) line: usize,
}

/// The line of the first place in each file.
pub(crate) struct FirstOfFile(Mutex<BTreeMap<String, usize>>);

impl FirstOfFile {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    /// Whether no other place of its file came before; the same one may come again, in an editor.
    pub(crate) fn is_first(&self, place: Place) -> bool {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let first = lines.entry(place.file).or_insert(place.line);
        *first = place.line.min(*first);
        *first == place.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_place_of_each_file_is_told_again_and_no_other() {
        let places = FirstOfFile::new();
        let is_first = |file: &str, line| {
            places.is_first(Place {
                file: file.to_owned(),
                line,
            })
        };
        assert!(is_first("a.rs", 3));
        assert!(!is_first("a.rs", 7));
        assert!(is_first("b.rs", 9));
        assert!(is_first("a.rs", 3));
    }
}
