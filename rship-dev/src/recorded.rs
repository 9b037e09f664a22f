//! What a core keeps of the frames that come in.

use std::collections::VecDeque;

/// A frame that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recorded {
    /// The connection that it came on; numbers grow with each, and none is given twice.
    pub client: u64,
    /// What it says; a binary one as JSON.
    pub text: String,
}

/// The frames so far, the newest when there are too many.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    list: VecDeque<Recorded>,
    weight: usize,
}

impl Frames {
    /// Keeps one more; returns whether older ones had to make room, when all take more than `most`.
    pub(crate) fn keep(&mut self, frame: Recorded, most: usize) -> bool {
        self.weight += weight(&frame);
        self.list.push_back(frame);
        let before = self.list.len();
        while self.weight > most
            && let Some(oldest) = self.list.pop_front()
        {
            self.weight -= weight(&oldest);
        }
        self.list.len() < before
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Recorded> {
        self.list.iter()
    }

    pub(crate) fn take(&mut self) -> Vec<Recorded> {
        std::mem::take(self).list.into()
    }
}

fn weight(frame: &Recorded) -> usize {
    size_of::<Recorded>() + frame.text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_frames_make_room() {
        let frame = |client| Recorded {
            client,
            text: "x".repeat(1_000),
        };
        let mut frames = Frames::default();
        assert!(!frames.keep(frame(1), 2_500) && !frames.keep(frame(2), 2_500));
        assert!(frames.keep(frame(3), 2_500));
        assert_eq!(frames.take(), [frame(2), frame(3)]);
        assert!(!frames.keep(frame(4), 2_500));
    }
}
