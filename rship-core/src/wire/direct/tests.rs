//! Both ways to read a frame, held against each other.

use std::fmt::Write as _;

use fastrand::Rng;
use serde_json::Value;

use super::{Command, read};
use crate::wire::Inbound;
use crate::wire::inbound::read_any;

/// In the forms in the field: what has to be read directly.
const DIRECT: [&str; 7] = [
    r#"{"event":"ws:m:command","data":{"commandId":"ExecTargetAction","command":{"tx":"t","instanceId":"stand-1","action":{"id":"banana-stand:burn","targetId":"banana-stand"},"data":{"level":0.5,"channel":3.0,"label":"B\u00e4nd\n"}}}}"#,
    // A server that sorts its keys.
    r#"{"data":{"command":{"action":{"id":"a:x","targetId":"a"},"data":{"v":[1,{"w":null}]},"instanceId":"i","tx":"t"},"commandId":"ExecTargetAction"},"event":"ws:m:command"}"#,
    // A server that says what there is not.
    r#"{"event":"ws:m:command","data":{"commandId":"ExecTargetAction","command":{"tx":null,"instanceId":null,"action":{"id":"a:x","targetId":null},"data":null}}}"#,
    // A server of 2023 with the whole action.
    r##"{"event":"ws:m:command","data":{"commandId":"target:action:exec","command":{"tx":"t","createdAt":"2023-04-30T19:56:34Z","action":{"id":"a:x","name":"X \"1\" ü","targetId":"a","serviceId":"s","schema":"{\"type\":\"object\"}","hash":"x"},"data":{}}}}"##,
    // A later one.
    r#"{"event":"ws:m:command","data":{"commandId":"ExecTargetAction","command":{"tx":"t","instanceId":"i","action":{"id":"a:x","name":"X","targetId":"a","serviceId":"s","schema":{"type":"object","properties":{"v":{"type":"number","minimum":-0.25,"maximum":1e3,"enum":[true,false,null,18446744073709551615]}}},"schemaLayout":[{"path":"v"}]},"data":{"v":1}}}}"#,
    r#"{"event":"ws:m:command","data":{"commandId":"ExecTargetAction","command":{"action":{"id":"a:x"}}}}"#,
    r#" {"event":"ws:m:command", "data":{"commandId":"BatchTargetAction","command":{"tx":"t","actions":[{"instanceId":"i","action":{"id":"a:x","targetId":"a"},"data":{"v":1}},{"tx":"own","action":{"id":"b:y"}}]}}}
"#,
];

/// What has to go the long way, because only that knows what it is, or what is wrong with it.
const LONG: [&str; 20] = [
    "",
    "[]",
    r#"{"event":"ws:m:ping","data":{"ts":1}}"#,
    r#"{"event":"ws:m:query-response","data":{"tx":"q","sequence":0,"upserts":[{"itemType":"Target","item":{"id":"lamp"}}],"deletes":[]}}"#,
    r#"{"event":"ws:m:command","data":{"commandId":"SetClientId","command":{"clientId":"c","tx":"t"}}}"#,
    r#"{"event":"ws:m:command","data":{"commandId":"ResendEmitterValue","command":{"tx":"t","instanceId":"i","emitterId":"a:e"}}}"#,
    r#"{"event":"ws:m:command","data":{"commandId":"CompactBatchTargetAction","command":{"tx":"t","groups":[{"actionId":"a:x","payloads":[{}],"assignments":[{"payloadIndex":0}]}]}}}"#,
    r#"{"event":"ws:m:command","data":{"commandId":"make:tea","command":{"action":{"id":"a:x"}}}}"#,
    // Bad ones, of which the answer says what is bad.
    r#"{"event":"ws:m:command","data":{"commandId":"ExecTargetAction","command":{"tx":"t"}}}"#,
    r#"{"event":"ws:m:command","data":{"commandId":"ExecTargetAction","command":{"tx":5,"action":{"id":"a:x"}}}}"#,
    r#"{"event":"ws:m:command","data":{"commandId":"ExecTargetAction","command":{"tx":"t","action":null}}}"#,
    r#"{"event":"ws:m:command","data":{"commandId":"BatchTargetAction","command":{"tx":"t","actions":[{"action":{"id":"a:x"}},{"instanceId":"i"}]}}}"#,
    // Arrays in place of objects.
    r#"["ws:m:command",{"commandId":"ExecTargetAction","command":{"action":{"id":"a:x"}}}]"#,
    r#"{"event":"ws:m:command","data":["ExecTargetAction",{"action":{"id":"a:x"}}]}"#,
    r#"{"event":"ws:m:command","data":{"commandId":"ExecTargetAction","command":["t","i",{"id":"a:x"},{}]}}"#,
    r#"{"event":"ws:m:command","data":{"commandId":"ExecTargetAction","command":{"action":["a:x","a"]}}}"#,
    // Two under one name.
    r#"{"event":"ws:m:command","data":{"commandId":"ExecTargetAction","command":{"tx":"1","tx":"2","action":{"id":"a:x"}}}}"#,
    r#"{"event":"ws:m:command","data":{"commandId":"ExecTargetAction","command":{"action":{"id":"a:x"},"action":{}}}}"#,
    // What is refused even where nobody needs it.
    r#"{"event":"ws:m:command","data":{"commandId":"ExecTargetAction","command":{"createdAt":1e999,"action":{"id":"a:x"}}}}"#,
    r#"{"event":"ws:m:command","data":{"commandId":"ExecTargetAction","command":{"action":{"id":"a:x","name":"\ud800"}}}}"#,
];

/// Reads a frame directly, if that is possible; the long way must come to the same.
fn read_both(text: &str) -> Option<Command> {
    let direct = read(text)?;
    match read_any(text) {
        Ok(Inbound::Command(long)) => assert_eq!(direct, long, "{text}"),
        other => panic!("{text}\n{direct:?}\n{other:?}"),
    }
    Some(direct)
}

#[test]
fn action_commands_in_the_forms_in_the_field_are_read_directly() {
    for text in DIRECT {
        assert!(read_both(text).is_some(), "{text}");
    }
}

#[test]
fn what_is_unusual_goes_the_long_way() {
    for text in LONG {
        assert_eq!(read(text), None, "{text}");
    }
}

#[test]
fn both_ways_end_at_the_same_depth() {
    let places = [
        (r#""data":"#, r#","action":{"id":"a:x"}"#),
        (r#""action":{"id":"a:x","schema":"#, "}"),
    ];
    for (before, after) in places {
        let direct = |depth| {
            let nested = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            let text = format!(
                r#"{{"event":"ws:m:command","data":{{"commandId":"ExecTargetAction","command":{{{before}{nested}{after}}}}}}}"#
            );
            let direct = read_both(&text);
            assert_eq!(direct.is_some(), read_any(&text).is_ok(), "{text}");
            direct.is_some()
        };
        assert!((100..140).any(direct));
        assert!(!(100..140).all(direct));
    }
}

#[test]
fn whatever_is_done_to_a_frame_both_ways_read_it_as_the_same() {
    let mut rng = Rng::with_seed(42);
    let seeds: Vec<&str> = DIRECT.into_iter().cycle().take(35).chain(LONG).collect();
    let rounds = 20_000;
    let mut direct = 0;
    for _ in 0..rounds {
        let seed = seeds[rng.usize(..seeds.len())];
        let mut text = String::new();
        match serde_json::from_str(seed) {
            Ok(frame) => shake(&frame, &mut rng, &mut text),
            Err(_) => text.push_str(seed),
        }
        if rng.u8(..) < 64 {
            text = damage(&text, &mut rng);
        }
        direct += usize::from(read_both(&text).is_some());
    }
    // Else nothing would have been compared.
    assert!(direct > rounds / 4, "{direct} of {rounds}");
}

const NAMES: [&str; 12] = [
    "event",
    "tx",
    "message",
    "data",
    "commandId",
    "command",
    "instanceId",
    "action",
    "actions",
    "id",
    "targetId",
    "extra",
];

const VALUES: [&str; 24] = [
    "null",
    "true",
    "0",
    "-7",
    "3.0",
    "-0.0",
    "0.1",
    "1e5",
    "1e999",
    "18446744073709551616",
    "01",
    "\"\"",
    "\"t\"",
    "\"\\u0000\"",
    "\"\\ud83c\\udf9b\"",
    "\"\\ud83c\"",
    "\"\\x\"",
    "\"ws:m:command\"",
    "\"BatchTargetAction\"",
    "[]",
    "[null,{\"action\":{\"id\":\"a:x\"}}]",
    "{}",
    "{\"id\":\"b:y\",\"id\":\"c:z\"}",
    "{\"a\":[{\"b\":{}}],\"\\u0061\":1}",
];

/// Writes a value in one of the many ways to write it, and now and then something else.
fn shake(value: &Value, rng: &mut Rng, out: &mut String) {
    let chance = |rng: &mut Rng, one_in: u32| rng.u32(..one_in) == 0;
    if chance(rng, 150) {
        out.push_str(VALUES[rng.usize(..VALUES.len())]);
        return;
    }
    if chance(rng, 30) {
        out.push_str([" ", "\t", "\n \r"][rng.usize(..3)]);
    }
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            rng.shuffle(&mut fields);
            out.push('{');
            let start = out.len();
            for (name, value) in fields {
                if chance(rng, 80) {
                    continue;
                }
                for _ in 0..if chance(rng, 80) { 2 } else { 1 } {
                    write_text(name, chance(rng, 400), out);
                    out.push(':');
                    shake(value, rng, out);
                    out.push(',');
                }
                if chance(rng, 50) {
                    write_text(NAMES[rng.usize(..NAMES.len())], chance(rng, 9), out);
                    out.push(':');
                    out.push_str(VALUES[rng.usize(..VALUES.len())]);
                    out.push(',');
                }
            }
            if out.len() > start {
                out.pop();
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                shake(item, rng, out);
            }
            out.push(']');
        }
        Value::String(text) => write_text(text, chance(rng, 20), out),
        other => out.push_str(&other.to_string()),
    }
}

fn write_text(text: &str, escaped: bool, out: &mut String) {
    if !escaped {
        out.push_str(&Value::from(text).to_string());
        return;
    }
    out.push('"');
    for unit in text.encode_utf16() {
        write!(out, "\\u{unit:04x}").unwrap();
    }
    out.push('"');
}

/// Takes a part out, doubles it, or puts something else in its place.
fn damage(text: &str, rng: &mut Rng) -> String {
    let chars: Vec<char> = text.chars().collect();
    let from = rng.usize(..=chars.len());
    let to = (from + rng.usize(..12)).min(chars.len());
    let part: String = chars[from..to].iter().collect();
    let instead = match rng.u8(..4) {
        0 => String::new(),
        1 => format!("{part}{part}"),
        2 => VALUES[rng.usize(..VALUES.len())].to_owned(),
        _ => ["{", "}", "[", "]", ",", ":", "\"", "\\", "\u{0}"][rng.usize(..9)].to_owned(),
    };
    let before: String = chars[..from].iter().collect();
    let after: String = chars[to..].iter().collect();
    format!("{before}{instead}{after}")
}
