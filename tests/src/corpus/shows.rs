//! The ready-made types for shows, alone and inside of others.

use rship_core::show::{Hsl, Hsv, Point3, Rgb, Rgba, Trigger, UnitInterval};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Case, case};

/// What a moving light is told.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Look {
    /// The beam.
    color: Rgb,
    /// Behind the beam.
    back: Option<Rgba>,
    level: UnitInterval,
    at: Point3,
    #[serde(default)]
    go: Trigger,
}

pub(super) fn cases() -> Vec<Case> {
    let color = json!({"r": 1, "g": 0.5, "b": 0});
    let position = json!({"x": 0, "y": 1.5, "z": -2});
    vec![
        case::<Rgb>("show::Rgb")
            .good([color.clone()])
            .bad([json!({"r": 1, "g": 0}), json!("#ff0000")]),
        case::<Rgba>("show::Rgba")
            .good([json!({"r": 1, "g": 0, "b": 0, "a": 1})])
            .bad([color.clone()]),
        case::<Hsv>("show::Hsv")
            .good([json!({"h": 0.1, "s": 1, "v": 1})])
            .bad([json!({"h": 0.1, "s": 1, "l": 1})]),
        case::<Hsl>("show::Hsl")
            .good([json!({"h": 0.1, "s": 1, "l": 1})])
            .bad([json!({"h": "red", "s": 1, "l": 1})]),
        case::<Point3>("show::Point3")
            .good([position.clone()])
            .bad([json!({"x": 0, "y": 0})]),
        case::<UnitInterval>("show::UnitInterval")
            .good([json!(0), json!(0.25), json!(1)])
            .bad([json!(-0.5), json!(1.5), json!("1"), json!(null)]),
        case::<Trigger>("show::Trigger").good([json!(null), json!({}), json!(true), json!(7)]),
        case::<Option<Rgb>>("Option<show::Rgb>")
            .good([color.clone()])
            .bad([json!(1)]),
        case::<Vec<Rgb>>("Vec<show::Rgb>")
            .good([json!([]), json!([color])])
            .bad([json!([1])]),
        case::<[Point3; 2]>("[show::Point3; 2]")
            .good([json!([position, position])])
            .bad([json!([position])]),
        case::<Option<UnitInterval>>("Option<show::UnitInterval>")
            .good([json!(1)])
            .bad([json!(2)]),
        case::<Look>("Look")
            .good([
                json!({"color": color, "level": 1, "at": position, "go": null}),
                json!({"color": color, "level": 1, "at": position}),
            ])
            .served([json!({"color": color, "back": null, "level": 1, "at": position, "go": {}})])
            .bad([json!({"color": color, "level": 1.5, "at": position})]),
    ]
}
