//! Ready-made argument and emitter types that servers recognise: colors, positions, levels, triggers.
//!
//! A server reads a color, a trigger or a bounded level from the exact shape of a schema. These types
//! have those shapes, so that a show offers a color picker where a device means a color. They are
//! plain data: one's own struct with the same fields is taken for the same.
//!
//! ```
//! # extern crate rship_core as rship_runtime;
//! use rship_runtime::show::{Trigger, UnitInterval};
//!
//! // As arguments and as emitters: the show offers a slider from 0 to 1, and an input that starts.
//! struct Strobe {
//!     level: UnitInterval,
//! }
//!
//! impl Strobe {
//!     fn flash(&mut self, level: UnitInterval, _go: Trigger) {
//!         self.level = level;
//!     }
//! }
//!
//! let mut strobe = Strobe { level: UnitInterval::default() };
//! strobe.flash(UnitInterval::new(0.5)?, Trigger);
//! assert_eq!(strobe.level.get(), 0.5);
//! # Ok::<(), rship_runtime::show::OutsideUnitInterval>(())
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
