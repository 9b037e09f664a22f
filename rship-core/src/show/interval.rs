//! Levels that go from nothing to everything.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Unexpected};
use serde::{Deserialize, Deserializer, Serialize};

/// A number from 0 to 1, both included: a brightness, an opacity, a mix.
///
/// A payload outside of that is refused with the range. The default is 0.
///
/// ```
/// # extern crate rship_core as rship_runtime;
/// use rship_runtime::show::UnitInterval;
///
/// let half = UnitInterval::new(0.5)?;
/// assert_eq!(half.get(), 0.5);
/// assert_eq!(UnitInterval::clamp(3.0), UnitInterval::ONE);
/// assert_eq!(UnitInterval::new(3.0).unwrap_err().to_string(), "3 is not in the range from 0 to 1");
/// # Ok::<(), rship_runtime::show::OutsideUnitInterval>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default, Serialize)]
#[serde(transparent)]
pub struct UnitInterval(f64);

/// The number is below 0, above 1, or none at all.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("{0} is not in the range from 0 to 1")]
pub struct OutsideUnitInterval(pub f64);

impl UnitInterval {
    /// Nothing.
    pub const ZERO: Self = Self(0.0);
    /// Everything.
    pub const ONE: Self = Self(1.0);

    /// The number, if it is in the range.
    ///
    /// # Errors
    /// [`OutsideUnitInterval`] for a number below 0 or above 1, and for NaN.
    pub fn new(number: f64) -> Result<Self, OutsideUnitInterval> {
        if (0.0..=1.0).contains(&number) {
            Ok(Self(number))
        } else {
            Err(OutsideUnitInterval(number))
        }
    }

    /// The nearest number in the range; 0 for NaN.
    #[must_use]
    pub fn clamp(number: f64) -> Self {
        if number.is_nan() {
            Self::ZERO
        } else {
            Self(number.clamp(0.0, 1.0))
        }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl fmt::Display for UnitInterval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<f64> for UnitInterval {
    type Error = OutsideUnitInterval;

    fn try_from(number: f64) -> Result<Self, Self::Error> {
        Self::new(number)
    }
}

impl From<UnitInterval> for f64 {
    fn from(interval: UnitInterval) -> Self {
        interval.0
    }
}

impl<'de> Deserialize<'de> for UnitInterval {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = f64::deserialize(deserializer)?;
        Self::new(number)
            .map_err(|_| Error::invalid_value(Unexpected::Float(number), &"a number from 0 to 1"))
    }
}

impl JsonSchema for UnitInterval {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "UnitInterval".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "number", "format": "double", "minimum": 0.0, "maximum": 1.0})
    }
}
