//! Structs that servers show as a color, and fields that they read by their format.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Case, case};

macro_rules! colors {
    ($($name:ident: $part:ty { $($field:ident)+ })+) => {
        $(
            #[derive(Serialize, Deserialize, JsonSchema)]
            #[allow(non_snake_case, reason = "a color is one in any case")]
            struct $name { $($field: $part),+ }
        )+

        fn colors() -> Vec<Case> {
            vec![$({
                let whole = json!({ $(stringify!($field): 1),+ });
                let mut part = whole.clone();
                if let Some(fields) = part.as_object_mut() {
                    let first = fields.keys().next().cloned().unwrap_or_default();
                    fields.remove(&first);
                }
                case::<$name>(stringify!($name)).good([whole]).bad([part, json!("#ff0000")])
            }),+]
        }
    };
}

colors! {
    Rgb: f64 { r g b }
    Rgba: f64 { r g b a }
    RgbBytes: u8 { r g b }
    RedGreenBlue: f32 { red green blue }
    RedGreenBlueAlpha: f32 { red green blue alpha }
    Hsl: f64 { h s l }
    Hsla: f64 { h s l a }
    Hsv: f64 { h s v }
    Hsva: f64 { h s v a }
    UpperRgb: f64 { R G B }
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Formats {
    #[schemars(extend("format" = "exec-tick"))]
    go: Value,
    #[schemars(extend("format" = "gradient", "unit" = "dB"))]
    ramp: Vec<f64>,
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = colors();
    cases.push(
        case::<Formats>("Formats")
            .good([json!({"go": null, "ramp": [0, 1]})])
            .bad([json!({"go": 1}), json!({"go": 1, "ramp": 1})]),
    );
    cases
}
