//! Enums with data, in the four ways in which serde writes them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Case, case};

#[derive(Serialize, Deserialize, JsonSchema)]
enum External {
    /// All around.
    Circle {
        radius: f64,
    },
    Square(f64),
    Pair(u8, u8),
}

#[derive(Serialize, Deserialize, JsonSchema)]
enum ExternalMixed {
    Off,
    Idle,
    Dim(f64),
    Fade { to: f64, seconds: Option<f64> },
}

#[derive(Serialize, Deserialize, JsonSchema)]
enum ExternalNullable {
    Level(Option<f64>),
    Name(String),
}

#[derive(Serialize, Deserialize, JsonSchema)]
enum ExternalSingle {
    Goto { cue: u16 },
}

/// Where the picture comes from.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "kebab-case")]
enum Internal {
    /// Nothing to see.
    Blank,
    /// From a disk.
    MediaFile {
        path: String,
        speed: Option<f64>,
    },
    Camera {
        input: u8,
        speed: f64,
    },
    Still(Still),
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Still {
    path: String,
    seconds: u32,
}

/// `value` is another type in each variant.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "as")]
enum InternalClash {
    Integer { value: u8 },
    Number { value: f64 },
    Text { value: String },
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "as")]
enum InternalNumbers {
    Integer { value: u8 },
    Number { value: f64 },
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind")]
enum InternalMap {
    Fixed { size: u8 },
    Free(BTreeMap<String, String>),
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", deny_unknown_fields)]
enum InternalClosed {
    Left { x: u8 },
    Right { y: u8 },
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "outer")]
enum InternalNested {
    Source(Internal),
    Nothing,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "t", content = "c")]
enum Adjacent {
    Unit,
    Number(u8),
    Optional(Option<u8>),
    Fields { a: u8 },
    Any(Value),
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum UntaggedStructs {
    Polar { angle: f64, radius: f64 },
    Cartesian { x: f64, y: f64 },
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum UntaggedNumbers {
    Integer(i8),
    Float(f64),
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum UntaggedMixed {
    Name(String),
    Size { width: u8 },
    List(Vec<u8>),
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Holder {
    /// What to do.
    change: ExternalMixed,
    source: Internal,
    level: ExternalNullable,
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = external();
    cases.extend(internal());
    cases.extend(others());
    cases
}

fn external() -> Vec<Case> {
    vec![
        case::<External>("External")
            .good([
                json!({"Circle": {"radius": 1}}),
                json!({"Square": 2}),
                json!({"Pair": [1, 2]}),
            ])
            .served([json!({"Circle": null, "Square": 2, "Pair": null})])
            .bad([
                json!({"Circle": {"radius": "x"}}),
                json!({"Circle": {}}),
                json!({"Triangle": 1}),
                json!("Circle"),
            ])
            .left_to_decoder([json!({}), json!({"Square": 1, "Pair": [1, 2]})]),
        case::<ExternalMixed>("ExternalMixed")
            .good([
                json!("Off"),
                json!("Idle"),
                json!({"Dim": 0.5}),
                json!({"Fade": {"to": 1, "seconds": 2}}),
                json!({"Off": null}),
            ])
            .served([json!({"Fade": {"to": 1, "seconds": null}, "Dim": null})])
            .bad([json!({"Dim": "x"}), json!({"Fade": {}})])
            .left_to_decoder([json!("off"), json!(1), json!({}), json!({"Blink": 1})]),
        case::<ExternalNullable>("ExternalNullable")
            .good([
                json!({"Level": null}),
                json!({"Level": 1}),
                json!({"Name": "a"}),
            ])
            .bad([json!({"Name": 1}), json!("Level")])
            .left_to_decoder([json!({"Level": "x"}), json!({})]),
        case::<ExternalSingle>("ExternalSingle")
            .good([json!({"Goto": {"cue": 1}})])
            .bad([json!({}), json!({"Goto": {"cue": -1}}), json!({"Go": 1})]),
        case::<Result<u8, String>>("Result<u8, String>")
            .good([json!({"Ok": 1}), json!({"Err": "no"})])
            .bad([json!({"Ok": "no"}), json!(1)])
            .left_to_decoder([json!({})]),
        case::<Holder>("Holder")
            .good([json!({"change": "Off", "source": {"type": "blank"}, "level": {"Level": null}})])
            .bad([json!({"change": "Off", "source": {"type": "blank"}})])
            .left_to_decoder([
                json!({"change": "Of", "source": {"type": "blank"}, "level": {"Name": "a"}}),
                json!({"change": "Off", "source": {"type": "camera"}, "level": {"Name": "a"}}),
            ]),
    ]
}

fn internal() -> Vec<Case> {
    vec![
        case::<Internal>("Internal")
            .good([
                json!({"type": "blank"}),
                json!({"type": "media-file", "path": "a"}),
                json!({"type": "camera", "input": 1, "speed": 1}),
                json!({"type": "still", "path": "a", "seconds": 3}),
            ])
            .served([
                json!({"type": "media-file", "path": "a", "speed": null, "seconds": null}),
                json!({"type": "still", "path": "a", "seconds": 3.0}),
            ])
            .bad([
                json!({"type": "tape"}),
                json!({"path": "a"}),
                json!({"type": "media-file", "path": 1}),
                json!("blank"),
                json!(null),
            ])
            .left_to_decoder([
                json!({"type": "media-file"}),
                json!({"type": "camera", "input": 1}),
            ]),
        case::<InternalClash>("InternalClash")
            .good([
                json!({"as": "Integer", "value": 1}),
                json!({"as": "Number", "value": 0.5}),
                json!({"as": "Text", "value": "a"}),
            ])
            .served([json!({"as": "Integer", "value": 1.0})])
            .bad([json!({"as": "List", "value": 1}), json!({"value": 1})])
            .left_to_decoder([
                json!({"as": "Integer", "value": "a"}),
                json!({"as": "Text"}),
            ]),
        case::<InternalNumbers>("InternalNumbers")
            .good([
                json!({"as": "Integer", "value": 1}),
                json!({"as": "Number", "value": -0.5}),
            ])
            .served([json!({"as": "Integer", "value": 1.0})])
            .bad([json!({"as": "Number", "value": "a"})])
            .left_to_decoder([json!({"as": "Integer", "value": 0.5})]),
        case::<InternalMap>("InternalMap")
            .good([
                json!({"kind": "Fixed", "size": 1}),
                json!({"kind": "Free", "size": "any", "other": "thing"}),
            ])
            .bad([json!({"kind": "Loose"}), json!({"size": 1})])
            .left_to_decoder([json!({"kind": "Fixed", "size": "x"})]),
        case::<InternalClosed>("InternalClosed")
            .good([
                json!({"kind": "Left", "x": 1}),
                json!({"kind": "Right", "y": 1}),
            ])
            .served([json!({"kind": "Left", "x": 1, "y": null})])
            .bad([json!({"kind": "Left", "x": 1, "z": 1})])
            .left_to_decoder([json!({"kind": "Left", "x": 1, "y": 1})]),
        case::<InternalNested>("InternalNested")
            .good([
                json!({"outer": "Nothing"}),
                json!({"outer": "Source", "type": "blank"}),
                json!({"outer": "Source", "type": "camera", "input": 1, "speed": 2}),
            ])
            .bad([
                json!({"outer": "Source", "type": "tape"}),
                json!({"type": "blank"}),
            ])
            .left_to_decoder([json!({"outer": "Source"})]),
    ]
}

fn others() -> Vec<Case> {
    vec![
        case::<Adjacent>("Adjacent")
            .good([
                json!({"t": "Unit"}),
                json!({"t": "Number", "c": 1}),
                json!({"t": "Optional", "c": null}),
                json!({"t": "Optional", "c": 1}),
                json!({"t": "Any", "c": null}),
                json!({"t": "Any", "c": {"a": "b"}}),
                json!({"t": "Fields", "c": {"a": 1}}),
            ])
            .served([
                json!({"t": "Unit", "c": null}),
                json!({"t": "Number", "c": 1.0}),
            ])
            .bad([json!({"t": "List", "c": 1}), json!({"c": 1})])
            .left_to_decoder([
                json!({"t": "Number", "c": {"a": 1}}),
                json!({"t": "Number"}),
            ]),
        case::<UntaggedStructs>("UntaggedStructs")
            .good([json!({"angle": 1, "radius": 2}), json!({"x": 1, "y": 2})])
            .served([json!({"angle": 1, "radius": 2, "x": null, "y": null})])
            .bad([json!({"x": "a", "y": 2}), json!(1)])
            .left_to_decoder([json!({"x": 1}), json!({})]),
        case::<UntaggedNumbers>("UntaggedNumbers")
            .good([json!(1), json!(0.5), json!(1000)])
            .bad([json!("1"), json!([1])]),
        case::<UntaggedMixed>("UntaggedMixed")
            .good([json!("a"), json!({"width": 1}), json!([1])])
            .bad([json!({"width": "a"})])
            .left_to_decoder([json!(1), json!({}), json!(null), json!(["a"])]),
    ]
}
