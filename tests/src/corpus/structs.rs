//! Structs: nested, generic, wrapped, and those of the standard library.

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Case, case};

/// Where a fixture hangs.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Fixture {
    /// What it is called on the plan.
    name: String,
    mount: Mount,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Mount {
    truss: u8,
    position: Position,
}

/// Metres from the centre of the stage.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Position {
    x: f64,
    y: f64,
    /// Upwards.
    z: f64,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Meters(f64);

#[derive(Serialize, Deserialize, JsonSchema)]
struct Pair<T> {
    left: T,
    right: T,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Unit;

#[derive(Serialize, Deserialize, JsonSchema)]
struct Empty {}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Empties {
    unit: Unit,
    empty: Empty,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Boxed {
    inner: Box<Position>,
    text: Box<str>,
    list: Box<[u8]>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Shared {
    at: Arc<Position>,
    name: Arc<str>,
}

/// A whole rig.
///
/// With all that hangs in it.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Documented {
    /// The one that is lit first.
    key: Mount,
    /// The others, by how they behave.
    others: Vec<DocumentedPart>,
    /// What they do when nothing is said.
    idle: Option<DocumentedMode>,
}

/// A part of the rig.
#[derive(Serialize, Deserialize, JsonSchema)]
struct DocumentedPart {
    /// Metres above the floor.
    height: f64,
    /// What it does.
    mode: DocumentedMode,
}

/// What a part does.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum DocumentedMode {
    /// Stays dark.
    StayDark,
    /// Shines.
    Shine,
}

/// # Master fader
///
/// Of the whole desk.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Titled {
    /// # Level
    #[schemars(range(min = 0.0, max = 1.0))]
    level: f64,
    #[schemars(length(min = 1, max = 3))]
    tag: String,
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        case::<Fixture>("Fixture")
            .good([
                json!({"name": "a", "mount": {"truss": 1, "position": {"x": 0, "y": 1, "z": 2}}}),
            ])
            .served([
                json!({"name": "a", "mount": {"truss": 1.0, "position": {"x": 0, "y": 1, "z": 2}}}),
            ])
            .bad([
                json!(null),
                json!({"name": "a"}),
                json!({"name": "a", "mount": {"truss": 1, "position": {"x": 0, "y": 1}}}),
                json!({"name": "a", "mount": {"truss": 1, "position": {"x": 0, "y": 1, "z": "2"}}}),
                json!({"name": null, "mount": {"truss": 1, "position": {"x": 0, "y": 1, "z": 2}}}),
            ]),
        case::<Position>("Position")
            .good([
                json!({"x": 0, "y": 1, "z": 2}),
                json!({"x": 0, "y": 1, "z": 2, "w": 3}),
            ])
            .bad([json!({"x": 0, "y": 1}), json!("0,1,2")])
            .decoder_alone([json!([0, 1, 2])]),
        case::<Meters>("Meters")
            .good([json!(1.5)])
            .bad([json!("1.5 m")]),
        case::<Pair<u8>>("Pair<u8>")
            .good([json!({"left": 1, "right": 2})])
            .bad([json!({"left": 1, "right": 256})]),
        case::<Pair<Pair<Meters>>>("Pair<Pair<Meters>>")
            .good([json!({"left": {"left": 1, "right": 2}, "right": {"left": 1, "right": 2}})])
            .bad([json!({"left": {"left": 1, "right": 2}, "right": {"left": 1}})]),
        case::<Unit>("Unit")
            .good([json!(null)])
            .left_to_decoder([json!(1)]),
        case::<Empty>("Empty")
            .good([json!({})])
            .served([json!(null)])
            .bad([json!(1)]),
        case::<Empties>("Empties")
            .good([json!({"unit": null, "empty": {}})])
            .bad([json!({"unit": null}), json!({"unit": null, "empty": 1})])
            .left_to_decoder([json!({"unit": 1, "empty": {}})]),
        case::<Boxed>("Boxed")
            .good([json!({"inner": {"x": 0, "y": 0, "z": 0}, "text": "a", "list": [1]})])
            .bad([json!({"inner": {"x": 0, "y": 0, "z": 0}, "text": "a", "list": [256]})]),
        case::<Arc<Position>>("Arc<Position>")
            .good([json!({"x": 0, "y": 1, "z": 2})])
            .bad([json!({"x": 0, "y": 1})])
            .decoder_alone([json!([0, 1, 2])]),
        case::<Shared>("Shared")
            .good([json!({"at": {"x": 0, "y": 1, "z": 2}, "name": "a"})])
            .bad([json!({"at": {"x": 0, "y": 1, "z": 2}, "name": 1})]),
        case::<Documented>("Documented")
            .good([
                json!({"key": {"truss": 1, "position": {"x": 0, "y": 1, "z": 2}}, "others": []}),
                json!({
                    "key": {"truss": 1, "position": {"x": 0, "y": 1, "z": 2}},
                    "others": [{"height": 4.5, "mode": "shine"}],
                    "idle": "stay-dark",
                }),
            ])
            .bad([
                json!({"others": []}),
                json!({
                    "key": {"truss": 1, "position": {"x": 0, "y": 1, "z": 2}},
                    "others": [{"height": 4.5, "mode": "Shine"}],
                }),
            ]),
        case::<Titled>("Titled")
            .good([json!({"level": 0.5, "tag": "abc"})])
            .bad([json!({"level": "x", "tag": "a"})]),
        case::<Duration>("Duration")
            .good([json!({"secs": 1, "nanos": 500})])
            .served([json!({"secs": 1.0, "nanos": 0.0})])
            .bad([
                json!(1),
                json!({"secs": 1}),
                json!({"secs": -1, "nanos": 0}),
            ])
            // That these of the standard library refuse unknown fields is not in their schemas.
            .left_to_decoder([json!({"secs": 1, "nanos": 0, "millis": 1})])
            .decoder_alone([json!([1, 500])]),
        case::<SystemTime>("SystemTime")
            .good([json!({"secs_since_epoch": 1, "nanos_since_epoch": 0})])
            .bad([json!("2023-04-30")])
            .left_to_decoder([json!({"secs_since_epoch": u64::MAX, "nanos_since_epoch": 0})]),
        case::<Range<f64>>("Range<f64>")
            .good([json!({"start": 0, "end": 1})])
            .bad([json!({"start": 0})])
            .left_to_decoder([json!({"start": 0, "end": 1, "step": 1})]),
    ]
}
