//! What the decoder says about values that the schema let pass.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::payload::decode;

#[derive(Debug, PartialEq, Deserialize)]
struct Point {
    x: f64,
    #[serde(default)]
    tag: Option<u8>,
}

fn undecodable<T: serde::de::DeserializeOwned + std::fmt::Debug>(
    prefix: &str,
    value: Value,
) -> String {
    decode::<T>(prefix, value)
        .expect_err("a bad value")
        .to_string()
}

#[test]
fn what_fits_is_decoded_from_a_value_or_a_reference() {
    let point = json!({"x": 1});
    assert_eq!(
        decode::<Point>("at", &point),
        Ok(Point { x: 1.0, tag: None })
    );
    assert_eq!(
        decode::<Point>("at", point),
        Ok(Point { x: 1.0, tag: None })
    );
    assert_eq!(decode::<Option<u8>>("tip", json!(null)), Ok(None));
}

#[test]
fn whole_floats_are_integers_also_where_the_schema_is_open() {
    assert_eq!(
        decode::<BTreeMap<String, u8>>("levels", json!({"a": 3.0})),
        Ok(BTreeMap::from([("a".to_owned(), 3)]))
    );
    assert_eq!(decode::<(u8, f64)>("pair", json!([3.0, 0.5])), Ok((3, 0.5)));
    assert_eq!(
        decode::<Value>("any", json!(3.0)).map(|any| any.to_string()),
        Ok("3.0".to_owned())
    );
    assert_eq!(
        undecodable::<BTreeMap<String, u8>>("levels", json!({"a": 3.0, "b": 3.5})),
        "argument `levels.b`: invalid type: floating point `3.5`, expected u8"
    );
}

#[test]
fn a_decoding_error_names_the_way_with_the_reason_of_the_decoder() {
    assert_eq!(
        undecodable::<Point>("position", json!({"x": "abc"})),
        "argument `position.x`: invalid type: string \"abc\", expected f64"
    );
    assert_eq!(
        undecodable::<Vec<Point>>("points", json!([{"x": 1}, {"x": 1}, {"x": null}])),
        "argument `points[2].x`: invalid type: null, expected f64"
    );
    assert_eq!(
        undecodable::<BTreeMap<String, u8>>("", json!({"a": 256})),
        "argument `a`: invalid value: integer `256`, expected u8"
    );
    assert_eq!(
        undecodable::<f64>("", json!("x")),
        "the payload: invalid type: string \"x\", expected f64"
    );
    assert_eq!(
        undecodable::<Vec<u8>>("list", json!({})),
        "argument `list`: invalid type: map, expected a sequence"
    );
    assert_eq!(
        undecodable::<Vec<u8>>("list", json!([1, 300])),
        "argument `list[1]`: invalid value: integer `300`, expected u8"
    );
}

#[test]
fn a_field_that_the_decoder_misses_is_named() {
    assert_eq!(
        undecodable::<Point>("at", json!({})),
        "argument `at`: missing field `x`"
    );
    assert_eq!(
        undecodable::<Vec<Point>>("", json!([{}])),
        "argument `[0]`: missing field `x`"
    );
}

#[test]
fn a_field_that_is_there_under_two_names_is_named() {
    #[derive(Debug, Deserialize)]
    #[allow(dead_code, reason = "only the refusal is of interest")]
    struct Aliased {
        #[serde(alias = "lvl")]
        level: f64,
    }
    assert_eq!(
        undecodable::<Aliased>("fader", json!({"level": 1, "lvl": 2})),
        "argument `fader`: duplicate field `level`"
    );
}

#[test]
fn a_value_where_nothing_is_expected_is_refused() {
    #[derive(Debug, Deserialize)]
    struct Nothing;
    assert_eq!(
        undecodable::<Nothing>("go", json!(1)),
        "argument `go`: invalid type: integer `1`, expected unit struct Nothing"
    );
    assert_eq!(
        undecodable::<()>("go", json!(1)),
        "argument `go`: invalid type: integer `1`, expected unit"
    );
}

#[test]
fn a_field_that_the_decoder_does_not_know_is_named() {
    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only the refusal is of interest")]
    struct Closed {
        a: u8,
    }
    assert_eq!(
        undecodable::<Closed>("at", json!({"a": 1, "b": 2})),
        "argument `at.b`: unknown field `b`, expected `a`"
    );
    assert_eq!(
        undecodable::<Closed>("ab", json!({"b": 2})),
        "argument `ab.b`: unknown field `b`, expected `a`"
    );
}

#[test]
fn a_variant_that_the_decoder_does_not_know_is_told_the_variants() {
    #[derive(Debug, Deserialize)]
    #[allow(dead_code, reason = "only the refusal is of interest")]
    enum Mode {
        Off,
        Dim { to: u8 },
    }
    assert_eq!(
        undecodable::<Mode>("mode", json!("On")),
        "argument `mode`: unknown variant `On`, expected `Off` or `Dim`"
    );
    assert_eq!(
        undecodable::<Mode>("mode", json!({"Dim": {"to": "x"}})),
        "argument `mode.Dim.to`: invalid type: string \"x\", expected u8"
    );
}

#[test]
fn what_a_type_says_itself_is_passed_on() {
    assert_eq!(
        undecodable::<std::net::IpAddr>("address", json!("1.2.3")),
        "argument `address`: invalid IP address syntax"
    );
}

#[test]
fn an_array_of_another_length_is_refused() {
    assert_eq!(
        undecodable::<(u8, String)>("pair", json!([1])),
        "argument `pair`: invalid length 1, expected a tuple of size 2"
    );
}

#[test]
fn a_reason_that_holds_a_large_value_is_cut() {
    let message = undecodable::<f64>("level", json!("x".repeat(1 << 20)));
    assert!(message.starts_with("argument `level`: invalid type: string \"xxx"));
    assert!(message.ends_with('…') && message.len() < 300, "{message}");
}

#[test]
fn a_value_inside_of_a_tagged_enum_is_named() {
    #[derive(Debug, Deserialize)]
    #[serde(tag = "type")]
    #[allow(dead_code, reason = "only the refusal is of interest")]
    enum Step {
        Cut,
        Fade {
            levels: BTreeMap<String, f64>,
            over: Option<f64>,
            steps: Vec<u8>,
            then: Option<Box<Step>>,
        },
    }
    let fade = |levels: Value| json!([{"type": "Fade", "levels": levels, "steps": [1, 2, 3]}]);
    assert_eq!(
        undecodable::<Vec<Step>>("", fade(json!({"0": 1, "1": "x", "2": "y"}))),
        "argument `[0].levels.1`: invalid type: string \"x\", expected f64"
    );
    assert_eq!(
        undecodable::<Vec<Step>>("cues", fade(json!({"0": [1]}))),
        "argument `cues[0].levels.0`: invalid type: sequence, expected f64"
    );
    let mut steps = fade(json!({}));
    steps[0]["steps"] = json!([1, 300, 2]);
    assert_eq!(
        undecodable::<Vec<Step>>("cues", steps),
        "argument `cues[0].steps[1]`: invalid value: integer `300`, expected u8"
    );
    let mut nested = fade(json!({}));
    nested[0]["then"] = fade(json!({"a": true}))[0].take();
    assert_eq!(
        undecodable::<Vec<Step>>("cues", nested),
        "argument `cues[0].then.levels.a`: invalid type: boolean `true`, expected f64"
    );
    assert_eq!(
        undecodable::<Vec<Step>>("cues", json!([{"type": "Jump"}])),
        "argument `cues[0].type`: unknown variant `Jump`, expected `Cut` or `Fade`"
    );
    assert_eq!(
        undecodable::<Vec<Step>>("cues", json!([{"type": "Fade", "levels": {}}])),
        "argument `cues[0]`: missing field `steps`"
    );
    let many: BTreeMap<String, u32> = (0..1000).map(|n| (format!("{n:04}"), n)).collect();
    let mut many = json!(many);
    many["0500"] = json!("x");
    assert_eq!(
        undecodable::<Vec<Step>>("cues", fade(many)),
        "argument `cues[0]`: invalid type: string \"x\", expected f64"
    );
}
