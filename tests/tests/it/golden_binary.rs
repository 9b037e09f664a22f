//! Golden binary frames: every message in both directions as CBOR, beside its JSON text.

// The lints' leave for tests ends at their helpers.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use rship_core::wire::{
    self, Change, Encoding, Frames, Generation, Inbound, Pulse, PulseSource, Stamp, Writer, binary,
    read, read_binary,
};
use serde_json::Value;

const GOLDEN: &str = include_str!("golden_binary.txt");

struct Frame {
    /// Whether executors write it; else they read it.
    out: bool,
    name: &'static str,
    json: &'static str,
    hex: &'static str,
}

impl Frame {
    fn document(&self) -> Value {
        serde_json::from_str(self.json).unwrap()
    }

    fn bytes(&self) -> Vec<u8> {
        let digits = self.hex.as_bytes().chunks(2);
        digits
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }
}

fn frames() -> Vec<Frame> {
    let blocks = GOLDEN.trim_end().split("\n\n").skip(1);
    blocks
        .map(|block| {
            let mut lines = block.lines();
            let (direction, name) = lines.next().unwrap().split_once(' ').unwrap();
            assert!(matches!(direction, "IN" | "OUT"), "{block}");
            let frame = Frame {
                out: direction == "OUT",
                name,
                json: lines.next().unwrap(),
                hex: lines.next().unwrap(),
            };
            assert_eq!(lines.next(), None, "{block}");
            frame
        })
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn every_frame_is_written_to_the_byte() {
    for frame in frames() {
        assert_eq!(
            hex(&binary::encode(frame.json).unwrap()),
            frame.hex,
            "{}",
            frame.name
        );
    }
}

#[test]
fn another_library_finds_the_same_document_in_every_frame() {
    for frame in frames() {
        let found: Value = ciborium::from_reader(&*frame.bytes()).unwrap();
        assert_eq!(found, frame.document(), "{}", frame.name);
        let own = binary::decode(&frame.bytes()).unwrap();
        assert_eq!(
            own.to_string(),
            frame.document().to_string(),
            "{}",
            frame.name
        );
    }
}

#[test]
fn frames_of_another_library_are_read() {
    for frame in frames() {
        let mut bytes = Vec::new();
        ciborium::into_writer(&frame.document(), &mut bytes).unwrap();
        assert_eq!(
            binary::decode(&bytes).unwrap(),
            frame.document(),
            "{}",
            frame.name
        );
    }
}

#[test]
fn a_frame_says_the_same_in_bytes_as_in_text() {
    let mut ignored = Vec::new();
    for frame in frames().iter().filter(|frame| !frame.out) {
        let text = read(frame.json).unwrap();
        assert_eq!(read_binary(&frame.bytes()).unwrap(), text, "{}", frame.name);
        if text == Inbound::Ignored {
            ignored.push(frame.name);
        }
    }
    assert_eq!(ignored, ["an event of no use"]);
}

#[test]
fn no_frame_is_read_when_its_end_is_missing_or_something_follows() {
    for frame in frames() {
        let mut bytes = frame.bytes();
        for end in 0..bytes.len() {
            assert!(
                binary::decode(&bytes[..end]).is_err(),
                "{} cut at {end}",
                frame.name
            );
        }
        bytes.push(0xf6);
        assert!(binary::decode(&bytes).is_err(), "{}", frame.name);
    }
}

#[test]
fn frames_that_are_no_frames_are_errors_in_bytes_too() {
    for json in [
        "{}",
        "[]",
        "null",
        r#"{"event":5}"#,
        r#"{"event":"ws:m:command"}"#,
    ] {
        assert!(
            read_binary(&binary::encode(json).unwrap()).is_err(),
            "{json}"
        );
    }
    let error = read_binary(&[0xc0]).unwrap_err().to_string();
    assert_eq!(
        error,
        "not a frame of the Myko protocol: a tag has no place in a frame"
    );
}

const STAMP: Stamp<'_> = Stamp {
    created_at: "2023-04-30T19:56:34.000Z",
    tx: "6ba7b810-9dad-41d1-80b4-00c04fd430c8",
};

/// The frames with one pulse, as JSON and as CBOR.
fn pulse(writer: &Writer, change: Change, pulse: &Pulse<'_>) -> [wire::Frame; 2] {
    Encoding::ALL.map(|encoding| {
        let mut frames = Frames::new(Generation::V2026, encoding);
        frames.pulse(writer, change, pulse, STAMP);
        frames.take().unwrap()
    })
}

#[test]
fn a_pulse_is_written_to_the_same_document_on_both_wires() {
    let long = "a stand with a long name ".repeat(20);
    let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
    let list = format!("[{}]", vec!["0.5"; 600].join(", "));
    for client_id in [None, Some("c-1"), Some("c \"1\"")] {
        let writer = Writer::new(Generation::V2026, client_id.map(ToOwned::to_owned));
        for (emitter, instance) in [("a:e", "i"), ("ü\"b\\:e\n", "in st"), (&long, &long)] {
            let source = PulseSource::new(emitter, instance);
            for data in [
                "null",
                "true",
                "0",
                "-7",
                "4711",
                "0.25",
                "1e-7",
                "250000.0",
                r#""load""#,
                r#""a\"b ü""#,
                r#"{"level":0.25,"channel":1,"label":"load"}"#,
                "{ }",
                "[]",
                &deep,
                &list,
            ] {
                for (change, nonce) in [(Change::Set, None), (Change::Delete, Some(4711))] {
                    let value = Pulse {
                        source: &source,
                        data: data.as_bytes(),
                        nonce,
                    };
                    let [text, binary] = pulse(&writer, change, &value);
                    let (wire::Frame::Text(text), wire::Frame::Binary(bytes)) = (text, binary)
                    else {
                        panic!("{data}");
                    };
                    assert_eq!(bytes, binary::encode(&text).unwrap(), "{data}");
                    let text: Value = serde_json::from_slice(&text).unwrap();
                    let other: Value = ciborium::from_reader(&*bytes).unwrap();
                    assert_eq!(other, text);
                }
            }
        }
    }
}

#[test]
fn a_pulse_that_cbor_cannot_carry_goes_out_as_text() {
    let source = PulseSource::new("a:e", "i");
    let deep = format!("{}{}", "[".repeat(130), "]".repeat(130));
    let value = Pulse {
        source: &source,
        data: deep.as_bytes(),
        nonce: Some(1),
    };
    let [text, fallback] = pulse(&Writer::new(Generation::V2026, None), Change::Set, &value);
    assert_eq!(fallback, text);
    assert!(matches!(fallback, wire::Frame::Text(_)));
}

#[test]
fn floats_keep_every_bit_on_their_way_through_text() {
    let writer = Writer::new(Generation::V2026, None);
    let source = PulseSource::new("a:e", "i");
    // A walk over the bits of doubles, which meets what an inexact reader of text gets wrong.
    let mut bits: u64 = 0x3ff0_0000_0000_0001;
    for _ in 0..20_000 {
        bits = bits
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let value = f64::from_bits(bits);
        if !value.is_finite() {
            continue;
        }
        let data = serde_json::to_string(&value).unwrap();
        let value = Pulse {
            source: &source,
            data: data.as_bytes(),
            nonce: None,
        };
        let [_, frame] = pulse(&writer, Change::Set, &value);
        let event: Value = ciborium::from_reader(&frame.bytes()[..]).unwrap();
        let back = event["data"]["item"]["data"].as_f64().unwrap();
        assert_eq!(back.to_bits(), bits, "{data}");
    }
}
