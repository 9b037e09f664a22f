//! Lists, sets, tuples and maps.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Case, case};

#[derive(Serialize, Deserialize, JsonSchema)]
struct Cue {
    number: u16,
    label: String,
}

#[derive(Serialize, Deserialize, JsonSchema, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Left,
    Right,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Vector(f64, f64, f64);

#[derive(Serialize, Deserialize, JsonSchema)]
struct Entry(String, u8);

pub(super) fn cases() -> Vec<Case> {
    let mut cases = arrays();
    cases.extend(maps());
    cases
}

fn arrays() -> Vec<Case> {
    vec![
        case::<Vec<f64>>("Vec<f64>")
            .good([json!([]), json!([1, 0.5])])
            .bad([json!(["a"]), json!({}), json!(null)])
            // That no item may be null is known to the decoder alone when it is a checker's null.
            .bad([json!(1)]),
        case::<Vec<u8>>("Vec<u8>")
            .good([json!([0, 255])])
            .served([json!([1.0, 2])])
            .bad([json!([256]), json!([1.5])]),
        case::<VecDeque<Vec<i8>>>("VecDeque<Vec<i8>>")
            .good([json!([[1], []])])
            .served([json!([[1.0]])])
            .bad([json!([1]), json!([["a"]])]),
        case::<Vec<Cue>>("Vec<Cue>")
            .good([json!([{"number": 1, "label": "go"}])])
            .bad([json!([{"number": 1}]), json!([1])]),
        case::<Vec<Value>>("Vec<Value>")
            .good([json!([1, null, "a", {}])])
            .bad([json!(1)]),
        case::<Vec<()>>("Vec<()>")
            .good([json!([null])])
            .bad([json!(1)])
            .left_to_decoder([json!([1])]),
        case::<BTreeSet<u8>>("BTreeSet<u8>")
            .good([json!([1, 2]), json!([1, 1])])
            .bad([json!([256])]),
        case::<[f64; 3]>("[f64; 3]").good([json!([1, 2, 3])]).bad([
            json!([1, 2]),
            json!([1, 2, 3, 4]),
            json!(["1", 2, 3]),
        ]),
        case::<[u8; 0]>("[u8; 0]")
            .good([json!([])])
            .bad([json!([1]), json!(1)]),
        case::<(f64, f64)>("(f64, f64)").good([json!([1, 2])]).bad([
            json!([1]),
            json!([1, 2, 3]),
            json!(["1", 2]),
        ]),
        case::<(u8,)>("(u8,)")
            .good([json!([1])])
            .bad([json!([]), json!(1)]),
        case::<(f64, String)>("(f64, String)")
            .good([json!([1, "a"])])
            .bad([json!([1]), json!([1, "a", 2])])
            .left_to_decoder([json!(["a", 1]), json!({"0": 1, "1": "a"})]),
        case::<Vector>("Vector")
            .good([json!([1, 2, 3])])
            .bad([json!([1, 2])]),
        case::<Entry>("Entry")
            .good([json!(["a", 1])])
            .bad([json!(["a"])])
            .left_to_decoder([json!([1, "a"])]),
        case::<Vec<(u8, u8)>>("Vec<(u8, u8)>")
            .good([json!([[1, 2]])])
            .served([json!([[1.0, 2]])])
            .bad([json!([[1]])]),
    ]
}

fn maps() -> Vec<Case> {
    vec![
        case::<HashMap<String, f64>>("HashMap<String, f64>")
            .good([json!({}), json!({"a": 1})])
            .left_to_decoder([json!({"a": "b"}), json!(1)]),
        case::<BTreeMap<String, u8>>("BTreeMap<String, u8>")
            .good([json!({"a": 1})])
            .served([json!({"a": 1.0})])
            .left_to_decoder([json!({"a": 256}), json!({"a": 1.5})]),
        case::<BTreeMap<u16, String>>("BTreeMap<u16, String>")
            .good([json!({"1": "a"})])
            .left_to_decoder([json!({"a": "b"})]),
        case::<BTreeMap<i16, String>>("BTreeMap<i16, String>")
            .good([json!({"-1": "a"})])
            .left_to_decoder([json!({"a": "a"}), json!({"-1": 1})]),
        case::<BTreeMap<Side, u8>>("BTreeMap<Side, u8>")
            .good([json!({"Left": 1}), json!({})])
            .bad([json!({"Left": "1"}), json!({"Up": 1})]),
        case::<Map<String, Value>>("Map<String, Value>")
            .good([json!({"a": null})])
            .left_to_decoder([json!([1])]),
        case::<BTreeMap<String, BTreeMap<String, Option<u8>>>>("Map<Map<Option<u8>>>")
            .good([json!({"a": {"b": null, "c": 1}})])
            .left_to_decoder([json!({"a": 1})]),
    ]
}
