//! Finds, while a device is compiled, ids that several parts of one type have: no single macro sees them.

use std::cmp::Ordering;

/// Whether one of these sorted lists has the id.
#[must_use]
pub const fn is_taken(id: &str, lists: &[&[&str]]) -> bool {
    let mut i = 0;
    while i < lists.len() {
        let (mut from, mut to) = (0, lists[i].len());
        while from < to {
            let middle = usize::midpoint(from, to);
            match compare(lists[i][middle], id) {
                Ordering::Equal => return true,
                Ordering::Less => from = middle + 1,
                Ordering::Greater => to = middle,
            }
        }
        i += 1;
    }
    false
}

/// The most that a message about ids takes; of more ids, the first are named.
const ROOM: usize = 512;

/// A message that names ids, put together by the compiler.
pub struct Shared {
    text: [u8; ROOM],
    length: usize,
}

impl Shared {
    /// Names the ids of `own` that one of the other lists has as well, between these texts; all lists
    /// are sorted.
    #[must_use]
    pub const fn of(own: &[&str], others: &[&[&str]], before: &str, after: &str) -> Self {
        let mut shared = Self {
            text: [0; ROOM],
            length: 0,
        };
        let mut i = 0;
        while i < own.len() {
            if is_taken(own[i], others) {
                let first = shared.length == 0;
                let room = ROOM - shared.length;
                if room < before.len() + own[i].len() + after.len() + 4 {
                    break;
                }
                shared.push(if first { before } else { ", " });
                shared.push("`");
                shared.push(own[i]);
                shared.push("`");
            }
            i += 1;
        }
        if shared.length > 0 {
            shared.push(after);
        }
        shared
    }

    /// The message; nothing when no id is shared.
    #[must_use]
    pub const fn message(&self) -> Option<&str> {
        if self.length == 0 {
            return None;
        }
        match std::str::from_utf8(self.text.split_at(self.length).0) {
            Ok(text) => Some(text),
            Err(_) => None,
        }
    }

    const fn push(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let mut i = 0;
        while i < bytes.len() && self.length < ROOM {
            self.text[self.length] = bytes[i];
            self.length += 1;
            i += 1;
        }
    }
}

const fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut i = 0;
    while i < a.len() && i < b.len() {
        if a[i] < b[i] {
            return Ordering::Less;
        }
        if a[i] > b[i] {
            return Ordering::Greater;
        }
        i += 1;
    }
    if a.len() < b.len() {
        Ordering::Less
    } else if a.len() > b.len() {
        Ordering::Greater
    } else {
        Ordering::Equal
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_found_in_any_of_the_lists() {
        let lists: &[&[&str]] = &[&["a", "set-b", "z"], &[], &["ab", "b", "ba"]];
        for id in ["a", "set-b", "z", "ab", "b", "ba"] {
            assert!(is_taken(id, lists), "{id}");
        }
        for id in ["", "set", "set-bc", "aa", "c"] {
            assert!(!is_taken(id, lists), "{id}");
        }
    }

    #[test]
    fn a_message_names_all_ids_that_are_shared_and_fits_its_room() {
        let shared = Shared::of(&["a", "b", "c"], &[&["c"], &["a", "d"]], "both have ", "!");
        assert_eq!(shared.message(), Some("both have `a`, `c`!"));
        assert!(Shared::of(&["a"], &[&["b"]], "x", "y").message().is_none());
        let long = "x".repeat(200);
        let own: Vec<String> = (0..4).map(|n| format!("{n}{long}")).collect();
        let own: Vec<&str> = own.iter().map(String::as_str).collect();
        let shared = Shared::of(&own, &[&own], "ids ", "");
        assert_eq!(
            shared.message(),
            Some(format!("ids `{}`, `{}`", own[0], own[1]).as_str())
        );
    }
}
