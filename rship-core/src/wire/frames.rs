//! Frames of bounded size: several events in one where the server takes that.

use std::collections::VecDeque;

use bytes::{Buf as _, Bytes, BytesMut};

use super::Generation;

/// The size at which a frame of several events is cut, in bytes: what executors in the field use. A
/// single larger event still goes out, in a frame of its own.
pub const FRAME_LIMIT: usize = 64 * 1024;

const EVENT: &[u8] = b"{\"event\":\"ws:m:event\",\"data\":";
const BATCH: &[u8] = b"{\"event\":\"ws:m:event-batch\",\"data\":[";

/// How much shorter the opening of a single event is.
const SPARE: usize = BATCH.len() - EVENT.len();

/// Room for what is usually written before frames are taken: some full ones.
const ROOM: usize = 4 * FRAME_LIMIT;

/// Puts events into frames. The memory of frames that were taken and dropped is used again.
#[derive(Debug)]
pub struct Frames {
    batches: bool,
    /// The frame that is open, with the opening of a batch.
    open: BytesMut,
    events: usize,
    done: VecDeque<Bytes>,
    /// Bytes in `done`.
    size: usize,
    /// Holds an event on its way from a full frame into the next.
    moved: Vec<u8>,
}

impl Frames {
    /// For a server of this generation; only a 2026 server is known to take several events in a frame.
    #[must_use]
    pub fn new(generation: Generation) -> Self {
        Self {
            batches: generation == Generation::V2026,
            open: BytesMut::new(),
            events: 0,
            done: VecDeque::new(),
            size: 0,
            moved: Vec::new(),
        }
    }

    /// Appends one event, which `write` writes; nothing is added when it writes nothing.
    pub fn event(&mut self, write: impl FnOnce(&mut BytesMut)) {
        let end = self.open.len();
        if self.events == 0 {
            self.begin(BATCH);
        } else {
            self.open.extend_from_slice(b",");
        }
        let start = self.open.len();
        write(&mut self.open);
        if self.open.len() == start {
            self.open.truncate(end);
            return;
        }
        if self.events > 0 && self.open.len() + 2 > FRAME_LIMIT {
            self.moved.clear();
            self.moved.extend_from_slice(&self.open[start..]);
            self.open.truncate(end);
            self.cut();
            self.begin(BATCH);
            self.open.extend_from_slice(&self.moved);
        }
        self.events += 1;
        if !self.batches {
            self.cut();
        }
    }

    /// Appends a frame that holds no events, which is written already.
    pub fn frame(&mut self, frame: &[u8]) {
        self.cut();
        self.begin(frame);
        self.finish();
    }

    /// Bytes of the frames that were not taken yet, with the one that is open.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size + self.open.len()
    }

    /// The next frame, in the order of writing.
    pub fn take(&mut self) -> Option<Bytes> {
        self.cut();
        let frame = self.done.pop_front()?;
        self.size -= frame.len();
        Some(frame)
    }

    fn begin(&mut self, opening: &[u8]) {
        if self.done.is_empty() {
            // Everything written before was taken: its memory is free again, unless it is still read.
            self.open.reserve(ROOM);
        }
        self.open.extend_from_slice(opening);
    }

    fn cut(&mut self) {
        match self.events {
            0 => return,
            1 => {
                self.open[SPARE..BATCH.len()].copy_from_slice(EVENT);
                self.open.advance(SPARE);
                self.open.extend_from_slice(b"}");
            }
            _ => self.open.extend_from_slice(b"]}"),
        }
        self.events = 0;
        self.finish();
    }

    fn finish(&mut self) {
        let frame = self.open.split().freeze();
        self.size += frame.len();
        self.done.push_back(frame);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(generation: Generation, events: &[&str]) -> Vec<String> {
        let mut frames = Frames::new(generation);
        for event in events {
            frames.event(|out| out.extend_from_slice(event.as_bytes()));
        }
        std::iter::from_fn(|| frames.take())
            .map(|frame| String::from_utf8(frame.to_vec()).unwrap())
            .collect()
    }

    #[test]
    fn only_a_2026_server_gets_several_events_in_one_frame() {
        assert_eq!(
            frames(Generation::V2026, &["1", "2"]),
            ["{\"event\":\"ws:m:event-batch\",\"data\":[1,2]}"]
        );
        for generation in [Generation::V2023, Generation::V2024] {
            assert_eq!(
                frames(generation, &["1", "2"]),
                [
                    "{\"event\":\"ws:m:event\",\"data\":1}",
                    "{\"event\":\"ws:m:event\",\"data\":2}"
                ]
            );
        }
    }

    #[test]
    fn frames_stay_below_the_limit_and_lose_no_event() {
        let long = format!("\"{}\"", "x".repeat(FRAME_LIMIT / 3));
        let huge = format!("\"{}\"", "y".repeat(FRAME_LIMIT * 2));
        let made = frames(Generation::V2026, &[&long, &long, &long, "7", &huge, "8"]);
        let sizes: Vec<_> = made
            .iter()
            .map(|frame| frame.len() <= FRAME_LIMIT)
            .collect();
        assert_eq!(sizes, [true, true, false, true]);
        let text = made.concat();
        assert_eq!(text.matches(&long).count(), 3);
        assert_eq!(text.matches(&huge).count(), 1);
        assert!(text.contains("7]}") && text.ends_with("8}"));
    }

    #[test]
    fn an_event_that_writes_nothing_leaves_no_trace() {
        assert_eq!(
            frames(Generation::V2026, &["1", "", "2"]),
            ["{\"event\":\"ws:m:event-batch\",\"data\":[1,2]}"]
        );
        assert_eq!(frames(Generation::V2026, &[""]), [""; 0]);
    }

    #[test]
    fn a_frame_without_events_stands_where_it_was_put() {
        let mut frames = Frames::new(Generation::V2026);
        frames.event(|out| out.extend_from_slice(b"1"));
        frames.frame(b"{}");
        frames.event(|out| out.extend_from_slice(b"2"));
        let size = frames.size();
        let made: Vec<_> = std::iter::from_fn(|| frames.take()).collect();
        assert_eq!(made.len(), 3);
        assert_eq!(made[1], "{}");
        assert!(size >= made.iter().map(Bytes::len).sum());
        assert_eq!(frames.size(), 0);
    }

    #[test]
    fn memory_of_frames_that_were_dropped_is_used_again() {
        let mut frames = Frames::new(Generation::V2024);
        let mut places = std::collections::HashSet::new();
        for _ in 0..100 {
            for _ in 0..100 {
                frames.event(|out| out.extend_from_slice(&[b'x'; 200]));
            }
            places.extend(frames.take().map(|first| first.as_ptr().addr()));
            while frames.take().is_some() {}
        }
        assert_eq!(places.len(), 1);
    }
}
