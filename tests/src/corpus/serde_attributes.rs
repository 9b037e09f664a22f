//! What the attributes of serde do to a struct.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Case, case};

#[derive(Serialize, Deserialize, JsonSchema)]
struct FieldDefaults {
    #[serde(default)]
    count: u8,
    #[serde(default = "full")]
    level: f64,
    #[serde(default)]
    note: Option<String>,
    #[serde(default)]
    lit: bool,
    #[serde(default)]
    levels: BTreeMap<String, u8>,
    #[serde(default)]
    pair: (u8, String),
}

fn full() -> f64 {
    1.0
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(default)]
struct ContainerDefault {
    x: f64,
    y: f64,
}

impl Default for ContainerDefault {
    fn default() -> Self {
        Self { x: 1.0, y: 2.0 }
    }
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Timing {
    delay: f64,
    fade: Option<f64>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind")]
enum Shape {
    Dot,
    Box { size: f64 },
}

#[derive(Serialize, Deserialize, JsonSchema)]
enum Way {
    Jump,
    Glide(f64),
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct FlattenStruct {
    name: String,
    #[serde(flatten)]
    timing: Timing,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct FlattenMap {
    name: String,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct FlattenMapAlone {
    #[serde(flatten)]
    rest: BTreeMap<String, u8>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct FlattenEnum {
    name: String,
    #[serde(flatten)]
    shape: Shape,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct FlattenTwoEnums {
    #[serde(flatten)]
    shape: Shape,
    #[serde(flatten)]
    way: Way,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct FlattenOptional {
    name: String,
    #[serde(flatten)]
    timing: Option<Timing>,
    #[serde(flatten)]
    shape: Option<Shape>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Renamed {
    fade_time: f64,
    #[serde(rename = "GO")]
    go: bool,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Aliased {
    #[serde(alias = "lvl")]
    level: f64,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct AliasedInside {
    fader: Aliased,
    others: Vec<Aliased>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[allow(dead_code, reason = "what is skipped is not read")]
struct Skipped {
    shown: u8,
    #[serde(skip)]
    hidden: u8,
    #[serde(skip_serializing)]
    only_in: u8,
    #[serde(skip_deserializing)]
    only_out: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    sometimes: Option<u8>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct With {
    #[serde(with = "hex")]
    #[schemars(with = "String")]
    id: u8,
}

mod hex {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(id: &u8, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("{id:x}"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
        let text = String::deserialize(deserializer)?;
        u8::from_str_radix(&text, 16).map_err(serde::de::Error::custom)
    }
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Closed {
    a: u8,
    b: Option<u8>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ClosedEmpty {}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
struct Transparent {
    inner: Vec<u8>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(from = "f64", into = "String")]
#[derive(Clone)]
struct InAndOut(f64);

impl From<f64> for InAndOut {
    fn from(value: f64) -> Self {
        Self(value)
    }
}

impl From<InAndOut> for String {
    fn from(value: InAndOut) -> Self {
        value.0.to_string()
    }
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = flattened();
    cases.extend(fields());
    cases
}

fn flattened() -> Vec<Case> {
    vec![
        case::<FlattenStruct>("FlattenStruct")
            .good([
                json!({"name": "a", "delay": 1}),
                json!({"name": "a", "delay": 1, "fade": 2}),
            ])
            .bad([json!({"name": "a"}), json!({"name": "a", "delay": "x"})]),
        case::<FlattenMap>("FlattenMap")
            .good([json!({"name": "a"}), json!({"name": "a", "more": [1]})])
            .bad([json!({"more": 1})]),
        case::<FlattenMapAlone>("FlattenMapAlone")
            .good([json!({}), json!({"a": 1})])
            .left_to_decoder([json!({"a": "x"})]),
        case::<FlattenEnum>("FlattenEnum")
            .good([
                json!({"name": "a", "kind": "Dot"}),
                json!({"name": "a", "kind": "Box", "size": 1}),
            ])
            .served([json!({"name": "a", "kind": "Dot", "size": null})])
            .bad([
                json!({"name": "a"}),
                json!({"kind": "Dot"}),
                json!({"name": "a", "kind": "Y"}),
            ])
            .left_to_decoder([json!({"name": "a", "kind": "Box"})]),
        case::<FlattenTwoEnums>("FlattenTwoEnums")
            .good([
                json!({"kind": "Dot", "Jump": null}),
                json!({"kind": "Box", "size": 1, "Glide": 2}),
            ])
            .bad([json!({"Jump": null}), json!({"kind": "Dot", "Glide": "x"})])
            .left_to_decoder([json!({"kind": "Dot"})]),
        case::<FlattenOptional>("FlattenOptional")
            .good([
                json!({"name": "a"}),
                json!({"name": "a", "delay": 1, "fade": 2}),
                json!({"name": "a", "kind": "Box", "size": 1}),
            ])
            .bad([json!({"delay": 1})])
            // What does not fit is as good as nothing there.
            .decoder_alone([
                json!({"name": "a", "kind": "Y"}),
                json!({"name": "a", "kind": "Box", "size": "x"}),
                json!({"name": "a", "delay": "x"}),
                json!({"name": "a", "kind": 0, "size": 1}),
            ]),
    ]
}

fn fields() -> Vec<Case> {
    vec![
        case::<FieldDefaults>("FieldDefaults")
            .good([
                json!({}),
                json!({"count": 3, "level": 0.5, "note": "a", "lit": true}),
            ])
            .served([
                json!(null),
                json!({"count": null, "level": null, "note": null, "lit": null}),
            ])
            .bad([json!({"count": "x"}), json!({"lit": 0})])
            .left_to_decoder([json!({"levels": 1}), json!({"pair": [1, 2]})]),
        case::<ContainerDefault>("ContainerDefault")
            .good([json!({}), json!({"x": 3})])
            .served([json!({"x": null})])
            .bad([json!({"x": "x"})]),
        case::<Renamed>("Renamed")
            .good([json!({"fadeTime": 1, "GO": true})])
            .bad([json!({"fade_time": 1, "go": true})]),
        case::<Aliased>("Aliased")
            .good([json!({"level": 1})])
            .bad([json!({})])
            .left_to_decoder([json!({"level": 1, "lvl": 1})])
            .decoder_alone([json!({"lvl": 1})]),
        case::<AliasedInside>("AliasedInside")
            .good([json!({"fader": {"level": 1}, "others": [{"level": 2}]})])
            .bad([json!({"fader": {}, "others": []})])
            .left_to_decoder([json!({"fader": {"level": 1, "lvl": 1}, "others": []})])
            .decoder_alone([
                json!({"fader": {"lvl": 1}, "others": []}),
                json!({"fader": {"level": 1}, "others": [{"lvl": 2}]}),
            ]),
        case::<Skipped>("Skipped")
            .good([
                json!({"shown": 1, "only_in": 2}),
                json!({"shown": 1, "only_in": 2, "sometimes": 3}),
            ])
            .served([json!({"shown": 1, "only_in": 2, "sometimes": null})])
            .bad([json!({"shown": 1})]),
        case::<With>("With")
            .good([json!({"id": "ff"})])
            .bad([json!({"id": 255})])
            .left_to_decoder([json!({"id": "xyz"})]),
        case::<Closed>("Closed")
            .good([json!({"a": 1}), json!({"a": 1, "b": 2})])
            .served([json!({"a": 1.0, "b": null})])
            .bad([json!({"a": 1, "c": 2}), json!({"b": 1})]),
        case::<ClosedEmpty>("ClosedEmpty")
            .good([json!({})])
            .served([json!(null)])
            .bad([json!({"a": 1})]),
        case::<Transparent>("Transparent")
            .good([json!([1])])
            .bad([json!({"inner": [1]})]),
        case::<InAndOut>("InAndOut")
            .good([json!(1.5)])
            .bad([json!("1.5")]),
    ]
}
