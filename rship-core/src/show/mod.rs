//! Ready-made argument and emitter types that servers recognise: colors, positions, levels, triggers.
//!
//! A server reads a color, a trigger or a bounded level from the exact shape of a schema. These types
//! have those shapes, so that a show offers a color picker where a device means a color. They are
//! plain data: one's own struct with the same fields is taken for the same.
//!
//! ```
//! use rship_core::schema;
//! use rship_core::show::{Trigger, UnitInterval};
//!
//! let level = schema::of_argument::<UnitInterval>()?.schema;
//! assert_eq!((&level["minimum"], &level["maximum"]), (&0.0.into(), &1.0.into()));
//! assert_eq!(schema::of_argument::<Trigger>()?.schema["format"], "exec-tick");
//! # Ok::<(), schema::SchemaError>(())
//! ```

mod color;
mod interval;
mod position;
mod trigger;

#[cfg(test)]
mod tests;

pub use self::color::{Hsl, Hsv, Rgb, Rgba};
pub use self::interval::{OutsideUnitInterval, UnitInterval};
pub use self::position::Point3;
pub use self::trigger::Trigger;
