//! Which of many rows are in sight.

use std::ops::Range;

/// Where to go in a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Move {
    Up,
    Down,
    PageUp,
    PageDown,
    Home,
    End,
}

/// The first row in sight.
#[derive(Debug, Default)]
pub(crate) struct Scroll {
    first: usize,
}

impl Scroll {
    /// Goes somewhere, in so many rows of which so many have room.
    pub(crate) fn go(&mut self, to: Move, rows: usize, room: usize) {
        let page = room.saturating_sub(1).max(1);
        self.first = match to {
            Move::Up => self.first.saturating_sub(1),
            Move::Down => self.first.saturating_add(1),
            Move::PageUp => self.first.saturating_sub(page),
            Move::PageDown => self.first.saturating_add(page),
            Move::Home => 0,
            Move::End => usize::MAX,
        };
        self.sight(rows, room);
    }

    /// The rows in sight; the last one is at the bottom or above it.
    pub(crate) fn sight(&mut self, rows: usize, room: usize) -> Range<usize> {
        self.first = self.first.min(rows.saturating_sub(room));
        self.first..rows.min(self.first.saturating_add(room))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_scroll_between_their_ends() {
        let mut scroll = Scroll::default();
        for (to, sight) in [
            (Move::Up, 0..10),
            (Move::Down, 1..11),
            (Move::PageDown, 10..20),
            (Move::PageUp, 1..11),
            (Move::End, 90..100),
            (Move::Down, 90..100),
            (Move::Home, 0..10),
        ] {
            scroll.go(to, 100, 10);
            assert_eq!(scroll.sight(100, 10), sight, "{to:?}");
        }
    }

    #[test]
    fn a_terminal_that_grows_or_rows_that_leave_do_not_leave_a_hole() {
        let mut scroll = Scroll::default();
        scroll.go(Move::End, 100, 10);
        assert_eq!(scroll.sight(100, 50), 50..100);
        assert_eq!(scroll.sight(20, 50), 0..20);
        assert_eq!(scroll.sight(0, 0), 0..0);
        scroll.go(Move::PageDown, 3, 0);
        assert_eq!(scroll.sight(3, 1), 1..2);
    }
}
