//! Frames of bounded size: several events in one where the server takes that.

use std::collections::VecDeque;

use bytes::{Buf as _, Bytes, BytesMut};
use cbor4ii::core::major;

use super::{Change, Encoding, Generation, Pulse, Stamp, Writer, binary};

/// The size at which a frame of several events is cut, in bytes: what executors in the field use. A
/// single larger event still goes out, in a frame of its own.
pub const FRAME_LIMIT: usize = 64 * 1024;

const EVENT: &[u8] = b"{\"event\":\"ws:m:event\",\"data\":";
const BATCH: &[u8] = b"{\"event\":\"ws:m:event-batch\",\"data\":[";

const BINARY_EVENT: &[u8] = b"\xa2\x65event\x6aws:m:event\x64data";
const BINARY_BATCH: &[u8] = b"\xa2\x65event\x70ws:m:event-batch\x64data";

/// The length of the longest head of an array of events: a frame holds fewer than 65,536.
const LONGEST_HEAD: usize = 3;

/// Room for what is usually written before frames are taken: some full ones.
const ROOM: usize = 4 * FRAME_LIMIT;

/// A frame as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// JSON, in UTF-8.
    Text(Bytes),
    /// CBOR.
    Binary(Bytes),
}

impl Frame {
    /// What is in it.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        match self {
            Self::Text(bytes) | Self::Binary(bytes) => bytes,
        }
    }
}

/// Puts events into frames. The memory of frames that were taken and dropped is used again.
#[derive(Debug)]
pub struct Frames {
    encoding: Encoding,
    batches: bool,
    /// The frame that is open, with room for the longest opening before its events.
    open: BytesMut,
    events: usize,
    done: VecDeque<Frame>,
    /// Bytes in `done`.
    size: usize,
    /// An event or a frame on its way into `open`: as JSON, and as CBOR.
    json: BytesMut,
    cbor: Vec<u8>,
    /// The opening of a binary frame, whose head has the number of its events.
    opening: Vec<u8>,
}

impl Frames {
    /// For a server of this generation. Only a 2026 server is known to take several events in a frame,
    /// and CBOR; for others, `encoding` is not looked at.
    #[must_use]
    pub fn new(generation: Generation, encoding: Encoding) -> Self {
        let latest = generation == Generation::V2026;
        Self {
            encoding: if latest { encoding } else { Encoding::Json },
            batches: latest,
            open: BytesMut::new(),
            events: 0,
            done: VecDeque::new(),
            size: 0,
            json: BytesMut::new(),
            cbor: Vec::new(),
            opening: Vec::new(),
        }
    }

    /// Appends one event, which `write` writes as JSON; nothing is added when it writes nothing.
    pub fn event(&mut self, write: impl FnOnce(&mut BytesMut)) {
        match self.encoding {
            Encoding::Json => self.text_event(write),
            Encoding::Cbor => {
                self.json.clear();
                write(&mut self.json);
                if self.json.is_empty() {
                    return;
                }
                self.cbor.clear();
                match binary::encode_into(&self.json, &mut self.cbor) {
                    Ok(()) => self.binary_event(),
                    Err(_) => self.event_as_text(),
                }
            }
        }
    }

    /// Appends the event of a pulse.
    pub fn pulse(&mut self, writer: &Writer, change: Change, pulse: &Pulse<'_>, stamp: Stamp<'_>) {
        if self.encoding == Encoding::Json || writer.generation() != Generation::V2026 {
            return self.event(|out| writer.pulse(change, pulse, stamp, out));
        }
        match writer.binary_pulse(change, pulse, stamp, &mut self.cbor) {
            Ok(()) => self.binary_event(),
            Err(_) => {
                self.json.clear();
                writer.pulse(change, pulse, stamp, &mut self.json);
                self.event_as_text();
            }
        }
    }

    /// Appends a frame that holds no events, which is written as JSON already.
    pub fn frame(&mut self, json: &[u8]) {
        self.cut();
        self.cbor.clear();
        if self.encoding == Encoding::Cbor && binary::encode_into(json, &mut self.cbor).is_ok() {
            self.reserve();
            self.open.extend_from_slice(&self.cbor);
            self.finish(Frame::Binary);
        } else {
            self.reserve();
            self.open.extend_from_slice(json);
            self.finish(Frame::Text);
        }
    }

    /// Bytes of the frames that were not taken yet, with the one that is open.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size + self.open.len()
    }

    /// The next frame, in the order of writing.
    pub fn take(&mut self) -> Option<Frame> {
        self.cut();
        let frame = self.done.pop_front()?;
        self.size -= frame.bytes().len();
        Some(frame)
    }

    /// Appends an event straight to the frame: most fit in.
    fn text_event(&mut self, write: impl FnOnce(&mut BytesMut)) {
        let end = self.open.len();
        if self.events == 0 {
            self.begin(BATCH.len());
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
            self.json.clear();
            self.json.extend_from_slice(&self.open[start..]);
            self.open.truncate(end);
            self.cut();
            self.begin(BATCH.len());
            self.open.extend_from_slice(&self.json);
        }
        self.added();
    }

    /// Appends the event in `cbor`.
    fn binary_event(&mut self) {
        if self.events > 0 && self.open.len() + self.cbor.len() > FRAME_LIMIT {
            self.cut();
        }
        if self.events == 0 {
            self.begin(BINARY_BATCH.len() + LONGEST_HEAD);
        }
        self.open.extend_from_slice(&self.cbor);
        self.added();
    }

    /// Appends the event in `json`, which CBOR cannot carry, as a text frame of its own.
    fn event_as_text(&mut self) {
        self.cut();
        self.reserve();
        for part in [EVENT, &self.json, b"}"] {
            self.open.extend_from_slice(part);
        }
        self.finish(Frame::Text);
    }

    fn added(&mut self) {
        self.events += 1;
        if !self.batches {
            self.cut();
        }
    }

    fn reserve(&mut self) {
        if self.done.is_empty() {
            // Everything written before was taken: its memory is free again, unless it is still read.
            self.open.reserve(ROOM);
        }
    }

    fn begin(&mut self, opening: usize) {
        self.reserve();
        self.open.resize(self.open.len() + opening, 0);
    }

    fn cut(&mut self) {
        match (self.encoding, self.events) {
            (_, 0) => return,
            (Encoding::Json, 1) => {
                self.open_with(BATCH.len(), EVENT);
                self.open.extend_from_slice(b"}");
            }
            (Encoding::Json, _) => {
                self.open_with(BATCH.len(), BATCH);
                self.open.extend_from_slice(b"]}");
            }
            (Encoding::Cbor, events) => {
                let mut opening = std::mem::take(&mut self.opening);
                opening.clear();
                if events == 1 {
                    opening.extend_from_slice(BINARY_EVENT);
                } else {
                    opening.extend_from_slice(BINARY_BATCH);
                    binary::head(major::ARRAY, events as u64, &mut opening);
                }
                self.open_with(BINARY_BATCH.len() + LONGEST_HEAD, &opening);
                self.opening = opening;
            }
        }
        self.events = 0;
        self.finish(match self.encoding {
            Encoding::Json => Frame::Text,
            Encoding::Cbor => Frame::Binary,
        });
    }

    /// Writes the opening right before the events; what is left of its room is skipped.
    fn open_with(&mut self, room: usize, opening: &[u8]) {
        let spare = room - opening.len();
        self.open[spare..room].copy_from_slice(opening);
        self.open.advance(spare);
    }

    fn finish(&mut self, frame: fn(Bytes) -> Frame) {
        let bytes = self.open.split().freeze();
        self.size += bytes.len();
        self.done.push_back(frame(bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(generation: Generation, events: &[&str]) -> Vec<String> {
        let mut frames = Frames::new(generation, Encoding::Json);
        for event in events {
            frames.event(|out| out.extend_from_slice(event.as_bytes()));
        }
        std::iter::from_fn(|| frames.take())
            .map(|frame| match frame {
                Frame::Text(text) => String::from_utf8(text.to_vec()).unwrap(),
                Frame::Binary(_) => panic!("a binary frame"),
            })
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
        let mut frames = Frames::new(Generation::V2026, Encoding::Json);
        frames.event(|out| out.extend_from_slice(b"1"));
        frames.frame(b"{}");
        frames.event(|out| out.extend_from_slice(b"2"));
        let size = frames.size();
        let made: Vec<_> = std::iter::from_fn(|| frames.take()).collect();
        assert_eq!(made.len(), 3);
        assert_eq!(made[1], Frame::Text("{}".into()));
        assert!(size >= made.iter().map(|frame| frame.bytes().len()).sum());
        assert_eq!(frames.size(), 0);
    }

    #[test]
    fn memory_of_frames_that_were_dropped_is_used_again() {
        let mut frames = Frames::new(Generation::V2024, Encoding::Json);
        let mut places = std::collections::HashSet::new();
        for _ in 0..100 {
            for _ in 0..100 {
                frames.event(|out| out.extend_from_slice(&[b'x'; 200]));
            }
            places.extend(frames.take().map(|first| first.bytes().as_ptr().addr()));
            while frames.take().is_some() {}
        }
        assert_eq!(places.len(), 1);
    }

    /// Some events, written in both encodings: of the binary ones, what their documents say as text.
    fn both(events: &[String]) -> (Vec<String>, Vec<Frame>) {
        let mut text = Frames::new(Generation::V2026, Encoding::Json);
        let mut binary = Frames::new(Generation::V2026, Encoding::Cbor);
        for frames in [&mut text, &mut binary] {
            for event in events {
                frames.event(|out| out.extend_from_slice(event.as_bytes()));
            }
        }
        let text = std::iter::from_fn(|| text.take());
        let text = text.map(|frame| String::from_utf8(frame.bytes().to_vec()).unwrap());
        (
            text.collect(),
            std::iter::from_fn(|| binary.take()).collect(),
        )
    }

    #[test]
    fn a_binary_frame_says_what_the_text_frame_says_whatever_its_number_of_events() {
        for count in [1, 2, 23, 24, 255, 256, 3000] {
            let events: Vec<_> = (0..count)
                .map(|number| format!("{{\"n\":{number}}}"))
                .collect();
            let (text, binary) = both(&events);
            assert_eq!(text.len(), 1);
            let Frame::Binary(bytes) = &binary[0] else {
                panic!("{binary:?}");
            };
            assert_eq!(
                binary::decode(bytes).unwrap().to_string().len(),
                text[0].len()
            );
            // To the byte what the transcoder makes of the text.
            assert_eq!(*bytes, binary::encode(&text[0]).unwrap(), "{count}");
        }
    }

    #[test]
    fn binary_frames_stay_below_the_limit_and_lose_no_event() {
        let events: Vec<_> = (0..1000)
            .map(|number| format!("\"{number}{}\"", "x".repeat(number)))
            .collect();
        let (_, frames) = both(&events);
        assert!(frames.len() > 1);
        let mut numbers = Vec::new();
        for frame in frames {
            assert!(frame.bytes().len() <= FRAME_LIMIT);
            let document = binary::decode(frame.bytes()).unwrap();
            let events = document["data"].as_array().unwrap();
            numbers.extend(events.iter().map(|event| event.to_string()));
        }
        assert_eq!(numbers, events);
    }

    #[test]
    fn what_cbor_cannot_carry_goes_out_as_text_in_its_place() {
        let deep = format!("{}{}", "[".repeat(130), "]".repeat(130));
        let mut frames = Frames::new(Generation::V2026, Encoding::Cbor);
        for event in ["1", &deep, "2", "3"] {
            frames.event(|out| out.extend_from_slice(event.as_bytes()));
        }
        frames.frame(deep.as_bytes());
        frames.frame(b"{}");
        let made: Vec<_> = std::iter::from_fn(|| frames.take()).collect();
        assert_eq!(
            made.iter()
                .map(|frame| matches!(frame, Frame::Text(_)))
                .collect::<Vec<_>>(),
            [false, true, false, true, false]
        );
        assert_eq!(
            made[1],
            Frame::Text(format!("{{\"event\":\"ws:m:event\",\"data\":{deep}}}").into())
        );
        assert_eq!(made[3], Frame::Text(deep.into()));
        assert_eq!(made[4], Frame::Binary(vec![0xa0].into()));
    }

    #[test]
    fn only_a_2026_server_gets_cbor() {
        for generation in [Generation::V2023, Generation::V2024] {
            let mut frames = Frames::new(generation, Encoding::Cbor);
            frames.event(|out| out.extend_from_slice(b"1"));
            assert!(matches!(frames.take(), Some(Frame::Text(_))));
        }
    }
}
