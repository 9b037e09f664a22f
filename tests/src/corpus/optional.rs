//! Values that may be absent, at each place where they can stand.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Case, case};

#[derive(Serialize, Deserialize, JsonSchema)]
enum Curve {
    Linear,
    Smooth,
}

#[derive(Serialize, Deserialize, JsonSchema)]
enum Documented {
    /// Goes on for ever.
    Loop,
    Once,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Point {
    x: f64,
    y: f64,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Source {
    File { path: String },
    Input { number: u8 },
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct AllOptional {
    number: Option<f64>,
    integer: Option<u16>,
    text: Option<String>,
    list: Option<Vec<u8>>,
    /// How it gets there.
    curve: Option<Curve>,
    documented: Option<Documented>,
    point: Option<Point>,
    source: Option<Source>,
    anything: Option<Value>,
    twice: Option<Option<bool>>,
    pair: Option<(u8, u8)>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct NullNotOptional {
    unit: (),
    any: Value,
    number: NumberOrNothing,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum NumberOrNothing {
    Number(f64),
    Nothing,
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        case::<Option<f64>>("Option<f64>")
            .good([json!(0.5)])
            .bad([json!("x"), json!([])]),
        case::<Option<u8>>("Option<u8>")
            .good([json!(7)])
            .served([json!(7.0)])
            .bad([json!(256)]),
        case::<Option<String>>("Option<String>")
            .good([json!("x")])
            .bad([json!(1)]),
        case::<Option<Vec<u8>>>("Option<Vec<u8>>")
            .good([json!([]), json!([1])])
            .bad([json!(1), json!([-1])]),
        case::<Option<Curve>>("Option<Curve>")
            .good([json!("Linear")])
            .bad([json!("Steep"), json!(0)]),
        case::<Option<Documented>>("Option<Documented>")
            .good([json!("Loop"), json!("Once")])
            .bad([json!("Twice")]),
        case::<Option<Point>>("Option<Point>")
            .good([json!({"x": 1, "y": 2})])
            .bad([json!({"x": 1}), json!(1)]),
        case::<Option<Source>>("Option<Source>")
            .good([json!({"kind": "file", "path": "a"})])
            .bad([json!({"kind": "tape"}), json!({"path": "a"})])
            .left_to_decoder([json!({"kind": "file"})]),
        case::<Option<Option<u8>>>("Option<Option<u8>>")
            .good([json!(1)])
            .bad([json!("1")]),
        case::<Option<Box<Point>>>("Option<Box<Point>>")
            .good([json!({"x": 1, "y": 2})])
            .bad([json!({"y": 2})]),
        case::<Option<bool>>("Option<bool>")
            .good([json!(true)])
            .bad([json!(1)]),
        case::<Option<char>>("Option<char>")
            .good([json!("x")])
            .bad([json!("xy")]),
        case::<Option<(u8, u8)>>("Option<(u8, u8)>")
            .good([json!([1, 2])])
            .bad([json!([1])]),
        case::<Option<BTreeMap<String, u8>>>("Option<BTreeMap<String, u8>>")
            .good([json!({"a": 1})])
            .left_to_decoder([json!({"a": "b"}), json!(1)]),
        case::<Option<Duration>>("Option<Duration>")
            .good([json!({"secs": 1, "nanos": 0})])
            .bad([json!({"secs": 1})])
            .left_to_decoder([json!({"secs": 1, "nanos": 0, "millis": 1})]),
        case::<Option<Value>>("Option<Value>").good([json!(null), json!(1)]),
        case::<AllOptional>("AllOptional")
            .good([
                json!({}),
                json!({"number": 1.5, "curve": "Smooth", "documented": "Once", "anything": {}}),
                json!({"point": {"x": 0, "y": 0}, "pair": [1, 2], "list": [1], "twice": true}),
                json!({"source": {"kind": "input", "number": 2}}),
            ])
            .served([
                json!(null),
                json!({"number": null, "curve": null, "point": null, "list": null, "pair": null}),
                json!({"documented": null, "source": null, "anything": null, "twice": null}),
                json!({"integer": 3.0, "source": {"kind": "input", "number": 2.0, "path": null}}),
            ])
            .bad([
                json!({"number": "loud"}),
                json!({"curve": "Steep"}),
                json!({"documented": "loop"}),
                json!({"point": {"x": 0}}),
                json!({"pair": [1]}),
                json!({"integer": 3.5}),
            ])
            .left_to_decoder([json!({"source": {"kind": "file"}})]),
        case::<NullNotOptional>("NullNotOptional")
            .good([
                json!({"unit": null, "any": null, "number": null}),
                json!({"unit": null, "any": 1, "number": 1}),
            ])
            .bad([json!({"unit": null, "any": 1}), json!({})])
            .left_to_decoder([json!({"unit": null, "any": 1, "number": "x"})]),
        case::<Vec<Option<f64>>>("Vec<Option<f64>>")
            .good([json!([]), json!([1, null, 0.5])])
            .bad([json!(null), json!(1)])
            .left_to_decoder([json!(["x"])]),
        case::<Vec<Option<Point>>>("Vec<Option<Point>>")
            .good([json!([{"x": 1, "y": 2}, null])])
            .bad([json!([{"x": 1}])])
            .left_to_decoder([json!([1])]),
        case::<Vec<Option<Curve>>>("Vec<Option<Curve>>")
            .good([json!(["Linear", null])])
            .left_to_decoder([json!(["Steep"])]),
        case::<(Option<u8>, Option<u8>)>("(Option<u8>, Option<u8>)")
            .good([json!([1, null]), json!([null, null])])
            .bad([json!([1]), json!([256, 1])])
            .left_to_decoder([json!(["x", 1])]),
    ]
}
