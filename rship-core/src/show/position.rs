//! Positions on a stage.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A place in three dimensions.
///
/// In metres unless the instance's coordinate space says how many units a metre has; which way the
/// axes point is that coordinate space's matter too. The default is the origin.
///
/// On the wire: `{"x": 0.0, "y": 1.5, "z": -2.0}`.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(description = "a position, in the units of the instance's coordinate space")]
pub struct Point3 {
    /// Along the first axis.
    pub x: f64,
    /// Along the second axis.
    pub y: f64,
    /// Along the third axis.
    pub z: f64,
}

impl Point3 {
    /// The place with these coordinates.
    #[must_use]
    pub const fn new(x: f64, y: f64, z: f64) -> Self {
        Self { x, y, z }
    }
}

impl From<[f64; 3]> for Point3 {
    fn from([x, y, z]: [f64; 3]) -> Self {
        Self { x, y, z }
    }
}

impl From<Point3> for [f64; 3] {
    fn from(Point3 { x, y, z }: Point3) -> Self {
        [x, y, z]
    }
}
