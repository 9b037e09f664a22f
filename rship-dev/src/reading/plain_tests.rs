//! What is read without a tree is what the reader of all frames reads.

use proptest::prelude::*;
use rship_core::wire::Generation::{self, V2023, V2024, V2026};
use serde_json::Value;

use super::*;
use crate::codec;
use crate::reading::frames::{self, Inbound};
use crate::reading::{entities, plain_cbor};
use crate::store::Change;
use crate::weight;

const LIMIT: usize = 100_000;

const PULSE: &str = r#"{"itemType":"Pulse","changeType":"SET","createdAt":"2023-04-30T19:56:34Z","tx":"t","item":{"id":"a:b:i","emitterId":"a:b","data":{"level":0.5,"text":"a\n\"b\"é"},"hash":"00ff"}}"#;

fn single(event: &str) -> String {
    format!(r#"{{"event":"ws:m:event","data":{event}}}"#)
}

fn batch(events: &str) -> String {
    format!(r#"{{"event":"ws:m:event-batch","data":[{events}]}}"#)
}

#[test]
fn what_executors_send_is_read_without_a_tree() {
    let many = batch(&format!("{PULSE},{PULSE}"));
    assert_eq!(read(V2026, &many, LIMIT).unwrap().len(), 2);
    let one = single(PULSE);
    for generation in [V2024, V2026] {
        let pulses = read(generation, &one, LIMIT).unwrap();
        assert_eq!((pulses[0].id, pulses[0].emitter_id), ("a:b:i", "a:b"));
        assert_eq!(pulses[0].hash, Some("00ff"));
    }
    // Its client id has to be looked at, and it takes no batches; late 2024 servers are said to.
    assert!(read(V2023, &one, LIMIT).is_none() && read(V2024, &many, LIMIT).is_none());
}

#[test]
fn what_is_unusual_is_left_to_the_reader_of_all_frames() {
    for (part, odd) in [
        ("0.5", "5e400"),
        ("0.5", "5e1"),
        ("0.5", &"9".repeat(400)),
        ("0.5", r#""\u0000""#),
        ("0.5", r#""\ud800""#),
        ("0.5", &format!("{}{}", "[".repeat(100), "]".repeat(100))),
        ("0.5", "01"),
        ("0.5", &format!("\"{}\"", "x".repeat(LIMIT))),
        ("a:b:i", ""),
        ("a:b:i", r"a\n"),
        (r#""00ff""#, "null"),
        (r#""00ff""#, r#""1","hash":"2""#),
        (r#""00ff""#, r#""1","more":1"#),
        (r#""Pulse""#, r#"{"Pulse":null}"#),
        (r#""SET""#, r#""DEL""#),
        (r#""t""#, "1"),
    ] {
        let text = single(&PULSE.replace(part, odd));
        assert!(read(V2026, &text, LIMIT).is_none(), "{text}");
    }
}

fn frame() -> impl Strategy<Value = String> {
    let frames = |event: String| {
        prop_oneof![
            Just(single(&event)),
            Just(batch(&event)),
            Just(batch(&format!("{PULSE},{event}")))
        ]
    };
    event().prop_flat_map(frames)
}

/// Fields in any order, with now and then one that is odd, missing, twice there or none of its own.
fn event() -> impl Strategy<Value = String> {
    let item = fields(vec![
        ("id", text(&["p", "é", "q\\u0041", ""])),
        ("emitterId", text(&["e"])),
        ("data", value()),
        ("clientId", text(&["c"])),
        ("hash", text(&["1", "2"])),
    ]);
    item.prop_flat_map(|item| {
        fields(vec![
            ("itemType", text(&["Pulse"])),
            ("changeType", text(&["SET"])),
            ("createdAt", text(&["now"])),
            ("tx", text(&["t"])),
            ("sourceId", text(&["s"])),
            ("clientId", text(&["c"])),
            ("item", Just(item).boxed()),
        ])
    })
}

fn text(usual: &'static [&'static str]) -> BoxedStrategy<String> {
    let usual = proptest::sample::select(usual).prop_map(|text| format!("\"{text}\""));
    prop_oneof![20 => usual, 1 => value()].boxed()
}

fn fields(fields: Vec<(&'static str, BoxedStrategy<String>)>) -> impl Strategy<Value = String> {
    let fields: Vec<_> = fields
        .into_iter()
        .map(|(name, value)| {
            let there = prop_oneof![40 => Just(1_usize), 1 => Just(0), 1 => Just(2)];
            let name = prop_oneof![40 => Just(name), 1 => Just("more")];
            let space = prop_oneof![8 => Just(""), 1 => Just(" ")];
            (there, name, space, value).prop_map(|(there, name, space, value)| {
                vec![format!("{space}\"{name}\":{space}{value}"); there]
            })
        })
        .collect();
    fields
        .prop_map(|fields| fields.concat())
        .prop_shuffle()
        .prop_map(|fields| format!("{{{}}}", fields.join(",")))
}

/// Servers take them out.
fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(members) => members.iter().any(has_nul),
        Value::Object(fields) => fields.values().any(has_nul),
        _ => false,
    }
}

/// A frame with its fields in the order in which executors write them.
fn cbor(document: &Value) -> Vec<u8> {
    let mut bytes = b"\xa2\x65event".to_vec();
    ciborium::into_writer(&document["event"], &mut bytes).unwrap();
    bytes.extend(b"\x64data");
    ciborium::into_writer(&document["data"], &mut bytes).unwrap();
    bytes
}

fn agree_in_cbor(text: &str) -> Result<(), TestCaseError> {
    let Ok(document) = serde_json::from_str::<Value>(text) else {
        return Ok(());
    };
    let bytes = cbor(&document);
    let again = codec::from_cbor(&bytes).unwrap();
    match plain_cbor::read(&bytes, LIMIT) {
        Some(pulses) => same(V2026, text, &pulses, again),
        None => Ok(()),
    }
}

/// Values of all kinds, as they may be written, and some that are none.
pub(crate) fn value() -> BoxedStrategy<String> {
    let odd = proptest::sample::select(vec![
        "null",
        "true",
        "false",
        "0",
        "-0",
        "-0.0",
        "1.0",
        "1.50",
        "1e2",
        "1E400",
        "-1e-400",
        "18446744073709551616",
        "123456789012345678901234567890123",
        "0.1234567890123456789",
        "01",
        "1.",
        "+1",
        "nul",
        "",
        "\"\"",
        "\"a\\nb\"",
        "\"\\u0000\"",
        "\"a\\u0041\"",
        "\"\\ud800\"",
        "\"\\ud83d\\ude00\"",
        "\"\\x\"",
        "\"e5\"",
        "\"\\\\u0000\"",
        "\"[[\"",
        "\"\u{1}\"",
        "\"é\"",
        "[]",
        "{}",
        "[1,]",
        "{\"a\":1,\"a\":2}",
        "{ \"b\" : [1 , 2] }",
    ]);
    let numbers = any::<f64>().prop_map(|number| Value::from(number).to_string());
    let leaf = prop_oneof![
        odd.prop_map(ToOwned::to_owned),
        numbers,
        any::<i64>().prop_map(|n| n.to_string())
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4)
                .prop_map(|parts| format!("[{}]", parts.join(","))),
            proptest::collection::vec(inner, 0..4).prop_map(|parts| {
                let parts = parts
                    .iter()
                    .enumerate()
                    .map(|(index, part)| format!("\"{}\":{part}", index % 3));
                format!("{{{}}}", parts.collect::<Vec<_>>().join(","))
            }),
        ]
    })
    .boxed()
}

fn agree(generation: Generation, text: &str) -> Result<(), TestCaseError> {
    let Some(pulses) = read(generation, text, LIMIT) else {
        return Ok(());
    };
    let document: Value = serde_json::from_str(text)
        .map_err(|error| TestCaseError::fail(format!("{text}: {error}")))?;
    same(generation, text, &pulses, document)
}

/// The reader of all frames finds the same in it, and nothing wrong.
fn same(
    generation: Generation,
    text: &str,
    pulses: &[Pulse<'_>],
    document: Value,
) -> Result<(), TestCaseError> {
    let events = match frames::read(generation, document) {
        Ok(Inbound::Event(event)) => vec![event],
        Ok(Inbound::Batch(events)) => events.into_iter().map(Result::unwrap).collect(),
        other => return Err(TestCaseError::fail(format!("{text}: {other:?}"))),
    };
    prop_assert_eq!(pulses.len(), events.len());
    for (pulse, event) in pulses.iter().zip(events) {
        prop_assert_eq!((&*event.item_type, event.change), ("Pulse", Change::Set));
        prop_assert_eq!(pulse.fields(), event.item.clone());
        let problems = entities::check(generation, "c", "Pulse", Change::Set, &event.item);
        prop_assert!(problems.is_empty(), "{:?}", problems);
        prop_assert!(weight::of_fields(&event.item) <= LIMIT);
        prop_assert!(!has_nul(&Value::Object(event.item)));
        let mut written = String::new();
        pulse.write(None, &mut written);
        prop_assert_eq!(written.len(), pulse.length(None));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(700))]

    #[test]
    fn both_readers_agree(text in frame()) {
        for generation in [V2024, V2026] {
            agree(generation, &text)?;
        }
        agree_in_cbor(&text)?;
    }
}

#[test]
fn what_executors_send_in_cbor_is_read_without_a_tree() {
    let cbor = |text: &str| cbor(&serde_json::from_str(text).unwrap());
    let bytes = cbor(&batch(&format!("{PULSE},{PULSE}")));
    let pulses = plain_cbor::read(&bytes, LIMIT).unwrap();
    assert_eq!((pulses.len(), pulses[1].id), (2, "a:b:i"));
    assert_eq!(pulses[0].fields()["data"]["text"], "a\n\"b\"é");
    for (part, odd) in [
        ("a:b:i", r"a\n"),
        ("a:b:i", ""),
        ("0.5", r#""\u0000""#),
        (r#""00ff""#, "null"),
        (r#""00ff""#, r#""1","more":1"#),
        (r#""SET""#, r#""DEL""#),
    ] {
        let bytes = cbor(&single(&PULSE.replace(part, odd)));
        assert!(plain_cbor::read(&bytes, LIMIT).is_none(), "{odd}");
    }
    for end in 0..bytes.len() {
        assert!(plain_cbor::read(&bytes[..end], LIMIT).is_none());
    }
    let one_more = [&bytes[..], &[0]].concat();
    assert!(plain_cbor::read(&one_more, LIMIT).is_none());
}

#[test]
fn every_float_of_16_bits_is_read_as_the_reader_of_all_frames_reads_it() {
    for bits in 0..=u16::MAX {
        let [high, low] = bits.to_be_bytes();
        let frame = [
            b"\xa2\x65event\x6aws:m:event\x64data\xa3\x68itemType\x65Pulse\x6achangeType\x63SET\x64item\xa3",
            &b"\x62id\x61p\x69emitterId\x61e\x64data\xf9"[..],
            &[high, low],
        ]
        .concat();
        let quick = plain_cbor::read(&frame, LIMIT).map(|pulses| pulses[0].fields());
        let all = codec::from_cbor(&frame).ok();
        let all = all.map(|document| document["data"]["item"].as_object().unwrap().clone());
        assert_eq!(quick, all, "{bits:x}");
    }
}
