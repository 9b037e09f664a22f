//! Frames of bounded size: several events in one where the server takes that.

use super::Generation;

/// The size at which a frame of several events is cut, in bytes: what executors in the field use. A
/// single larger event still goes out, in a frame of its own.
pub const FRAME_LIMIT: usize = 64 * 1024;

const EVENT: &str = "{\"event\":\"ws:m:event\",\"data\":";
const BATCH: &str = "{\"event\":\"ws:m:event-batch\",\"data\":[";

/// Puts events into frames.
#[derive(Debug)]
pub struct Frames {
    batches: bool,
    body: String,
    events: usize,
    done: Vec<String>,
}

impl Frames {
    /// For a server of this generation; only a 2026 server is known to take several events in a frame.
    #[must_use]
    pub fn new(generation: Generation) -> Self {
        Self {
            batches: generation == Generation::V2026,
            body: String::new(),
            events: 0,
            done: Vec::new(),
        }
    }

    /// Appends one event, which `write` writes; nothing is added when it writes nothing.
    pub fn event(&mut self, write: impl FnOnce(&mut String)) {
        let start = self.body.len();
        if self.events > 0 {
            self.body.push(',');
        }
        let written = self.body.len();
        write(&mut self.body);
        if self.body.len() == written {
            self.body.truncate(start);
            return;
        }
        if self.events > 0 && self.body.len() + BATCH.len() + 2 > FRAME_LIMIT {
            let last = self.body.split_off(written);
            self.body.truncate(start);
            self.cut();
            self.body = last;
        }
        self.events += 1;
        if !self.batches {
            self.cut();
        }
    }

    /// Bytes that were written so far, in whole frames and in the one that is open.
    #[must_use]
    pub fn size(&self) -> usize {
        self.done.iter().map(String::len).sum::<usize>() + self.body.len()
    }

    /// The frames written so far, in order.
    pub fn take(&mut self) -> Vec<String> {
        self.cut();
        std::mem::take(&mut self.done)
    }

    fn cut(&mut self) {
        if self.events == 0 {
            return;
        }
        let (open, close) = if self.events == 1 {
            (EVENT, "}")
        } else {
            (BATCH, "]}")
        };
        let mut frame = String::with_capacity(open.len() + self.body.len() + close.len());
        frame.push_str(open);
        frame.push_str(&self.body);
        frame.push_str(close);
        self.done.push(frame);
        self.body.clear();
        self.events = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(generation: Generation, events: &[&str]) -> Vec<String> {
        let mut frames = Frames::new(generation);
        for event in events {
            frames.event(|out| out.push_str(event));
        }
        frames.take()
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
    }
}
