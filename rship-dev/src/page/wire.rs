//! The wire log: the last frames of all connections.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use memchr::memmem;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::explained::excerpt;
use crate::store::ClientNo;
use crate::{codec, speaking};

/// What the log takes in memory.
const RING: usize = 4 << 20;
/// What is kept of a text, and of a binary frame that may be read when it is shown.
const TEXT: usize = 4 << 10;
const BINARY: usize = 64 << 10;
/// What a frame takes beside its bytes.
const PLACE: usize = 128;
/// How far a frame is looked through for what it is about.
const SEARCHED: usize = 64 << 10;
/// A page gets so much at once.
const PIECE: usize = 256 << 10;

/// Where a frame goes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Direction {
    /// From a client to the core.
    In,
    /// From the core to a client.
    Out,
}

/// A frame as it is kept.
#[derive(Debug)]
struct Kept {
    number: u64,
    at: u64,
    client: ClientNo,
    direction: Direction,
    /// How long it was.
    bytes: usize,
    head: Head,
}

/// The beginning of a frame.
#[derive(Debug)]
enum Head {
    Text(String),
    Binary(Vec<u8>),
}

#[derive(Debug, Default)]
struct Ring {
    frames: VecDeque<Arc<Kept>>,
    next: u64,
    weight: usize,
}

/// The last frames. Those of pulses are kept only while a page looks, since they would soon be all there is.
#[derive(Debug, Default)]
pub(crate) struct Wire {
    lookers: AtomicUsize,
    ring: Mutex<Ring>,
}

/// What one page has seen of it.
#[derive(Debug, Default)]
pub(super) struct WireView {
    filter: String,
    next: u64,
}

impl Wire {
    fn lock(&self) -> MutexGuard<'_, Ring> {
        // A panic leaves frames that are still frames.
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a frame, unless it is one of pulses and nobody looks.
    pub(crate) fn note(&self, client: ClientNo, direction: Direction, message: &Message) {
        let bytes = match message {
            Message::Text(text) => text.as_bytes(),
            Message::Binary(bytes) => &bytes[..],
            _ => return,
        };
        if self.lookers.load(Ordering::Relaxed) == 0 && is_of_pulses(bytes) {
            return;
        }
        let head = match message {
            Message::Text(text) => Head::Text(text[..text.floor_char_boundary(TEXT)].to_owned()),
            _ => Head::Binary(bytes[..bytes.len().min(BINARY)].to_vec()),
        };
        let mut ring = self.lock();
        let number = ring.next;
        ring.next += 1;
        let kept = Kept {
            number,
            at: speaking::millis(),
            client,
            direction,
            bytes: bytes.len(),
            head,
        };
        ring.weight += kept.weight();
        ring.frames.push_back(Arc::new(kept));
        while ring.weight > RING
            && let Some(oldest) = ring.frames.pop_front()
        {
            ring.weight -= oldest.weight();
        }
    }

    /// A page looks at it from now on; first at what there is.
    pub(super) fn look(&self, filter: String) -> WireView {
        self.lookers.fetch_add(1, Ordering::Relaxed);
        let next = self.lock().frames.front().map_or(0, |frame| frame.number);
        WireView { filter, next }
    }

    /// A page looks no more.
    pub(super) fn leave(&self, _: WireView) {
        self.lookers.fetch_sub(1, Ordering::Relaxed);
    }

    /// The frame that tells a page what came since; `None` when nothing did.
    pub(super) fn news(&self, view: &mut WireView) -> Option<String> {
        let (new, missed) = {
            let ring = self.lock();
            if ring.next <= view.next {
                return None;
            }
            let oldest = ring.frames.front().map_or(ring.next, |frame| frame.number);
            let missed = oldest.saturating_sub(view.next);
            let skip = view.next.saturating_sub(oldest) as usize;
            // No more than what one piece can hold.
            let most = PIECE / PLACE;
            let new: Vec<_> = ring.frames.iter().skip(skip).take(most).cloned().collect();
            (new, missed)
        };
        view.next += missed;
        let (mut frames, mut length) = (Vec::new(), 0);
        for kept in new {
            if length > PIECE - 2 * TEXT {
                break;
            }
            view.next = kept.number + 1;
            let frame = kept.shown();
            if !view.filter.is_empty() && !matches(&frame, &view.filter) {
                continue;
            }
            let frame = frame.to_string();
            length += frame.len() + 1;
            frames.push(frame);
        }
        (!frames.is_empty() || missed > 0).then(|| {
            let frames = frames.join(",");
            format!("{{\"t\":\"frames\",\"frames\":[{frames}],\"missed\":{missed}}}")
        })
    }
}

fn matches(frame: &Value, filter: &str) -> bool {
    ["kind", "text", "client"].iter().any(|field| {
        frame[field]
            .as_str()
            .is_some_and(|text| text.contains(filter))
    })
}

impl Kept {
    fn weight(&self) -> usize {
        PLACE
            + match &self.head {
                Head::Text(text) => text.len(),
                Head::Binary(bytes) => bytes.len(),
            }
    }

    fn shown(&self) -> Value {
        let (kind, text, cut) = match &self.head {
            Head::Text(text) => (kind(text.as_bytes()), text.clone(), text.len() < self.bytes),
            Head::Binary(bytes) if bytes.len() < self.bytes => {
                let text = format!("{} bytes of CBOR, too long to be shown", self.bytes);
                (kind(bytes), text, true)
            }
            Head::Binary(bytes) => match codec::from_cbor(bytes) {
                Ok(document) => {
                    let text = document.to_string();
                    let short = excerpt(&text, TEXT).into_owned();
                    (kind(bytes), short, text.len() > TEXT)
                }
                Err(why) => (kind(bytes), format!("it is not CBOR ({why})"), false),
            },
        };
        let direction = match self.direction {
            Direction::In => "in",
            Direction::Out => "out",
        };
        json!({
            "no": self.number, "at": self.at, "client": format!("c{}", self.client), "dir": direction,
            "bytes": self.bytes, "kind": kind, "text": text, "cut": cut,
        })
    }
}

/// Whether a frame begins with a pulse, in either encoding.
fn is_of_pulses(bytes: &[u8]) -> bool {
    /// What may stand between the name and the type.
    const BETWEEN: usize = 4;
    const NAME: &[u8] = b"itemType";
    /// As text, and as a text of five bytes in CBOR.
    const TYPES: [&[u8]; 2] = [b"\"Pulse\"", b"\x65Pulse"];
    let bytes = &bytes[..bytes.len().min(SEARCHED)];
    memmem::find(bytes, NAME).is_some_and(|place| {
        let rest = &bytes[place + NAME.len()..];
        let rest = &rest[..rest.len().min(BETWEEN + TYPES[0].len())];
        TYPES.iter().any(|name| memmem::find(rest, name).is_some())
    })
}

/// The event that a frame is.
fn kind(bytes: &[u8]) -> &str {
    const NAME: &[u8] = b"ws:m:";
    let bytes = &bytes[..bytes.len().min(SEARCHED)];
    let Some(place) = memmem::find(bytes, NAME) else {
        return "frame";
    };
    let rest = &bytes[place..];
    let is_name = |byte: &u8| byte.is_ascii_lowercase() || matches!(byte, b':' | b'-');
    let length = rest.iter().take_while(|byte| is_name(byte)).count();
    std::str::from_utf8(&rest[..length]).unwrap_or("frame")
}

#[cfg(test)]
mod tests {
    use rship_core::wire::Encoding;

    use super::*;

    fn event(item_type: &str) -> Value {
        json!({"data": {"changeType": "SET", "item": {"id": "x"}, "itemType": item_type}, "event": "ws:m:event"})
    }

    #[test]
    fn pulses_are_known_in_both_encodings_and_so_is_the_kind_of_a_frame() {
        for encoding in [Encoding::Json, Encoding::Cbor] {
            for (item_type, pulses) in [("Pulse", true), ("Target", false), ("Impulse", false)] {
                let message = codec::encode(encoding, &event(item_type)).unwrap();
                let bytes = message.into_data();
                assert_eq!(is_of_pulses(&bytes), pulses, "{item_type} {encoding:?}");
                assert_eq!(kind(&bytes), "ws:m:event");
            }
        }
        assert!(is_of_pulses(b"{\"itemType\": \"Pulse\"}"));
        assert_eq!(kind(b"Error parsing message"), "frame");
    }

    #[test]
    fn frames_are_kept_in_bounds_and_pulses_only_for_who_looks() {
        let wire = Wire::default();
        let pulse = Message::text(event("Pulse").to_string());
        wire.note(1, Direction::In, &pulse);
        wire.note(
            1,
            Direction::In,
            &Message::text(event("Target").to_string()),
        );
        let mut view = wire.look(String::new());
        let news = |view: &mut WireView| {
            let text = wire.news(view)?;
            Some(serde_json::from_str::<Value>(&text).unwrap())
        };
        let first = news(&mut view).unwrap();
        assert_eq!(first["frames"].as_array().unwrap().len(), 1);
        assert_eq!(first["frames"][0]["kind"], "ws:m:event");
        assert_eq!(news(&mut view), None);
        wire.note(1, Direction::In, &pulse);
        assert_eq!(news(&mut view).unwrap()["frames"][0]["no"], 1);
        // Far more than the ring holds, while the page takes nothing.
        let long = Message::text(format!("\u{fc}{}", "x".repeat(100_000)));
        for _ in 0..2_000 {
            wire.note(2, Direction::Out, &long);
        }
        assert!(wire.lock().weight <= RING);
        let (mut got, mut missed) = (0, 0);
        while let Some(frame) = wire.news(&mut view) {
            assert!(frame.len() <= PIECE, "{}", frame.len());
            let frame: Value = serde_json::from_str(&frame).unwrap();
            got += frame["frames"].as_array().unwrap().len() as u64;
            missed += frame["missed"].as_u64().unwrap();
            assert_eq!(
                (&frame["frames"][0]["bytes"], &frame["frames"][0]["cut"]),
                (&json!(100_002), &json!(true))
            );
        }
        assert_eq!(got + missed, 2_000);
        assert!(missed > 0 && got > 500, "{got}");
        wire.leave(view);
        wire.note(1, Direction::In, &pulse);
        assert_eq!(wire.lock().next, 2_002);
    }

    #[test]
    fn a_filter_lets_through_what_has_it() {
        let wire = Wire::default();
        let mut view = wire.look("Target".to_owned());
        wire.note(
            1,
            Direction::In,
            &Message::text(event("Action").to_string()),
        );
        assert_eq!(wire.news(&mut view), None);
        wire.note(
            1,
            Direction::In,
            &Message::text(event("Target").to_string()),
        );
        assert!(wire.news(&mut view).unwrap().contains("Target"));
    }
}
