//! The vocabulary of a Rocketship executor: entities, wire, schemas, models and dispatch.
//!
//! This crate does no I/O and knows no async runtime. Devices depend on `rship-runtime`, which
//! re-exports what they need from here.

#[doc(hidden)]
pub mod __private;
pub mod change;
pub mod color;
pub mod descriptor;
pub mod dispatch;
mod emitter;
pub mod entity;
#[doc(hidden)]
pub mod few;
mod finite;
pub mod id;
#[doc(hidden)]
pub mod json;
pub mod model;
pub mod payload;
pub mod schema;
mod shortest;
pub mod show;
mod target;
pub mod wire;
mod written;

pub use emitter::{Emitter, Published, PulseSink};
pub use target::{Actions, Target};
