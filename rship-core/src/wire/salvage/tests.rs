//! What is found in frames that no reader takes.

use std::time::{Duration, Instant};

use fastrand::Rng;
use serde_json::{Value, json};

use super::*;
use crate::wire::{Inbound, binary, read, read_binary};

#[track_caller]
fn salvaged(text: &str) -> Option<(String, String)> {
    let command = super::text(text, "why".to_owned())?;
    assert_eq!(command.member, Member::Unreadable("why".to_owned()));
    Some((command.id, command.tx.unwrap()))
}

fn command(content: &str) -> String {
    format!(
        r#"{{"event":"ws:m:command","data":{{"commandId":"ExecTargetAction","command":{{{content}}}}}}}"#
    )
}

#[test]
fn a_command_with_a_value_that_cannot_be_read_is_still_answered() {
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(130), close.repeat(130));
    for data in [
        deep("[", "]"),
        deep("{\"a\":", "}").replace(":}", ":0}"),
        "1e400".to_owned(),
        r#""\ud800""#.to_owned(),
        r#"{"\udc00":[{}]}"#.to_owned(),
        "NaN".to_owned(),
        "{\"v\":undefined}".to_owned(),
        "'single'".to_owned(),
        "\"a\tb\"".to_owned(),
    ] {
        for content in [
            format!(r#""tx":"t","action":{{"id":"a:x"}},"data":{data}"#),
            format!(r#""data":{data},"action":{{"id":"a:x","tx":"no"}},"tx":"t""#),
            format!(r#""data":{{"tx":"no","deeper":{data}}},"tx":"t""#),
        ] {
            let text = command(&content);
            let Ok(Inbound::Command(command)) = read(&text) else {
                panic!("{text}");
            };
            assert_eq!(command.id, "ExecTargetAction", "{text}");
            assert_eq!(command.tx.as_deref(), Some("t"), "{text}");
            assert!(
                matches!(command.member, Member::Unreadable(_)),
                "{command:?}"
            );
        }
    }
}

#[test]
fn a_command_without_a_usable_name_is_still_answered() {
    for data in [
        r#"{"command":{"tx":"t"}}"#,
        r#"{"commandId":5,"command":{"tx":"t"}}"#,
        r#"{"commandId":null,"tx":"t"}"#,
        r#"{"commandId":["ExecTargetAction"],"tx":"t","command":[]}"#,
    ] {
        let text = format!(r#"{{"event":"ws:m:command","data":{data}}}"#);
        let bytes = binary::encode(&text).unwrap();
        for inbound in [read(&text).unwrap(), read_binary(&bytes).unwrap()] {
            let expected = Command {
                id: String::new(),
                tx: Some("t".to_owned()),
                member: Member::Unreadable("`commandId` must be a string".to_owned()),
            };
            assert_eq!(inbound, Inbound::Command(expected), "{text}");
        }
    }
}

#[test]
fn the_walk_finds_what_an_answer_needs_wherever_it_stands() {
    let found = |id: &str, tx: &str| Some((id.to_owned(), tx.to_owned()));
    for (text, expected) in [
        (
            r#" { "data" : { "tx" : "outer" , "command" : { "tx" : "t" } , "commandId" : "x" } , "event" : "ws:m:command" } "#,
            found("x", "t"),
        ),
        (
            r#"{"event":"ws:m:command","data":{"tx":"outer","command":{"tx":5}}}"#,
            found("", "outer"),
        ),
        (
            r#"{"event":"ws:m:command","data":{"command":{"tx":"a\"\\\u00e4\n"}}}"#,
            found("", "a\"\\ä\n"),
        ),
        (
            r#"{"\u0065vent":"ws:m:command","data":{"command":{"\u0074x":"t"}}}"#,
            found("", "t"),
        ),
        (
            r#"{"event":"ws:m:command","data":{"command":{"tx":"1","tx":"2"}}}"#,
            found("", "2"),
        ),
        // Cut off.
        (
            r#"{"event":"ws:m:command","data":{"command":{"tx":"t","data":[1,2"#,
            found("", "t"),
        ),
        (
            r#"{"event":"ws:m:command","data":{"command":{"tx":"t"#,
            None,
        ),
        // Not where a command has it.
        (r#"{"event":"ws:m:command","tx":"t","data":{}}"#, None),
        (
            r#"{"event":"ws:m:command","data":{"command":{"data":{"tx":"t"}}}}"#,
            None,
        ),
        (r#"{"event":"ws:m:command","data":[{"tx":"t"}]}"#, None),
        (r#"[{"event":"ws:m:command","data":{"tx":"t"}}]"#, None),
        // Not a command.
        (r#"{"event":"ws:m:event","data":{"tx":"t"}}"#, None),
        (r#"{"data":{"tx":"t"}}"#, None),
        // A transaction that cannot be written back.
        (
            r#"{"event":"ws:m:command","data":{"command":{"tx":"\ud800"}}}"#,
            None,
        ),
        ("", None),
        ("{", None),
        ("{\"\\", None),
        ("\"event\"", None),
    ] {
        assert_eq!(salvaged(text), expected, "{text}");
    }
}

/// A command as CBOR, with `data` as it is.
fn binary_command(data: &[u8]) -> Vec<u8> {
    let document = json!({
        "event": "ws:m:command",
        "data": { "commandId": "x", "command": { "data": "HERE", "tx": "t" } },
    });
    let bytes = binary::encode(document.to_string()).unwrap();
    let at = bytes.windows(5).position(|five| five == b"dHERE").unwrap();
    [&bytes[..at], data, &bytes[at + 5..]].concat()
}

#[test]
fn a_binary_command_with_a_value_that_has_no_place_is_still_answered() {
    let deep = |head: &[u8], end: &[u8]| [head.repeat(200), vec![0xf6], end.repeat(200)].concat();
    for data in [
        vec![0xf7],                                           // undefined
        vec![0xf9, 0x7c, 0x00],                               // infinity
        vec![0xfb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0],             // not a number
        vec![0xc1, 0x1a, 0x51, 0x4b, 0x67, 0xb0],             // a tag
        vec![0x43, 1, 2, 3],                                  // bytes
        vec![0x5f, 0x41, 1, 0x42, 2, 3, 0xff],                // bytes in parts
        vec![0x7f, 0x61, b'a', 0x61, 0xff, 0xff], // a string that is not UTF-8, in parts
        vec![0xa1, 0x01, 0x02],                   // a key that is a number
        vec![0xbf, 0x80, 0xa0, 0x61, b'b', 0x9f, 0xff, 0xff], // keys of all kinds, no lengths
        vec![0xf8, 0xfe],                         // a simple value
        deep(&[0x81], &[]),
        deep(&[0x9f], &[0xff]),
        deep(&[0xbf, 0x61, b'a'], &[0xff]),
        deep(&[0xd8, 0x20], &[]),
    ] {
        let bytes = binary_command(&data);
        let Ok(Inbound::Command(command)) = read_binary(&bytes) else {
            panic!("{data:x?}");
        };
        assert_eq!(command.tx.as_deref(), Some("t"), "{data:x?}");
        assert_eq!(command.id, "x", "{data:x?}");
        assert!(matches!(command.member, Member::Unreadable(_)));
    }
}

#[test]
fn no_input_makes_the_walk_panic_and_its_time_is_linear() {
    let mut rng = Rng::with_seed(7);
    let text = command(r#""tx":"t","data":{"a":["b\n",1e400]}"#);
    let binary = binary_command(&[0xbf, 0x80, 0xa0, 0x61, b'b', 0x9f, 0xff, 0xff]);
    for _ in 0..50_000 {
        let (mut text, mut bytes) = (text.clone().into_bytes(), binary.clone());
        for frame in [&mut text, &mut bytes] {
            for _ in 0..rng.usize(..4) {
                let at = rng.usize(..frame.len());
                frame[at] = rng.u8(..);
            }
            frame.truncate(rng.usize(..=frame.len()));
        }
        let _ = super::text(&String::from_utf8_lossy(&text), String::new());
        let _ = super::bytes(&bytes, String::new());
    }
    let began = Instant::now();
    for part in ["{\"a\":", "[", "\"", "\\\"", "\"\\", "{", "tx", ",", " "] {
        let _ = super::text(&command(&part.repeat(1 << 20)), String::new());
    }
    for head in [0x81, 0x9f, 0xa1, 0xbf, 0xc1, 0x61, 0x7f, 0xff, 0x9b, 0x00] {
        let _ = super::bytes(&binary_command(&vec![head; 4 << 20]), String::new());
    }
    // Quadratic time would be hours.
    assert!(began.elapsed() < Duration::from_secs(60));
}

#[test]
fn what_can_be_read_is_found_by_the_walk_as_well() {
    let frame: Value = serde_json::from_str(&command(r#""tx":"t""#)).unwrap();
    let text = super::text(&frame.to_string(), String::new()).unwrap();
    let bytes = binary::encode(frame.to_string()).unwrap();
    assert_eq!(super::bytes(&bytes, String::new()), Some(text));
}
