//! Colors: exactly the fields by which servers know one, all of them numbers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A color as red, green and blue.
///
/// Each part goes from 0 to 1. A server rescales what it sends by the `colorScaling` of the instance;
/// with `EightBit` each part goes from 0 to 255. Values outside are not refused: lamps that can do
/// more than white take them. The default is black.
///
/// On the wire: `{"r": 1.0, "g": 0.5, "b": 0.0}`.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(description = "a color")]
pub struct Rgb {
    /// Red.
    pub r: f64,
    /// Green.
    pub g: f64,
    /// Blue.
    pub b: f64,
}

/// A color as red, green and blue, with how opaque it is.
///
/// Scaled like [`Rgb`]; an `a` of 0 is transparent, 1 is opaque. The default is transparent black.
///
/// On the wire: `{"r": 1.0, "g": 0.5, "b": 0.0, "a": 1.0}`.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(description = "a color with its opacity")]
pub struct Rgba {
    /// Red.
    pub r: f64,
    /// Green.
    pub g: f64,
    /// Blue.
    pub b: f64,
    /// Opacity.
    pub a: f64,
}

/// A color as hue, saturation and value.
///
/// Scaled like [`Rgb`], the hue as well: it is a part of the full circle, from red at 0 over green and
/// blue to red at 1, and no number of degrees. The default is black.
///
/// On the wire: `{"h": 0.1, "s": 1.0, "v": 1.0}`.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(description = "a color")]
pub struct Hsv {
    /// Hue.
    pub h: f64,
    /// Saturation.
    pub s: f64,
    /// Value: 0 is black.
    pub v: f64,
}

/// A color as hue, saturation and lightness.
///
/// Scaled like [`Hsv`]. The default is black.
///
/// On the wire: `{"h": 0.1, "s": 1.0, "l": 0.5}`.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(description = "a color")]
pub struct Hsl {
    /// Hue.
    pub h: f64,
    /// Saturation.
    pub s: f64,
    /// Lightness: 0 is black, 1 is white.
    pub l: f64,
}

macro_rules! parts {
    ($($color:ident($count:literal): $($part:ident)+;)+) => {$(
        impl $color {
            /// The color with these parts.
            #[must_use]
            pub const fn new($($part: f64),+) -> Self {
                Self { $($part),+ }
            }
        }

        impl From<[f64; $count]> for $color {
            fn from([$($part),+]: [f64; $count]) -> Self {
                Self { $($part),+ }
            }
        }

        impl From<$color> for [f64; $count] {
            fn from(color: $color) -> Self {
                [$(color.$part),+]
            }
        }
    )+};
}

parts! {
    Rgb(3): r g b;
    Rgba(4): r g b a;
    Hsv(3): h s v;
    Hsl(3): h s l;
}

impl Rgb {
    /// The same color with this opacity.
    #[must_use]
    pub const fn with_alpha(self, a: f64) -> Rgba {
        Rgba::new(self.r, self.g, self.b, a)
    }
}

impl Rgba {
    /// The same color without its opacity.
    #[must_use]
    pub const fn rgb(self) -> Rgb {
        Rgb::new(self.r, self.g, self.b)
    }
}
