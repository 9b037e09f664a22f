#![doc = include_str!("../README.md")]
//!
//! # Where to go on
//!
//! - [`entity`] has what a server knows of an executor: machines, services, targets, actions, emitters.
//! - [`wire`] reads and writes frames, as JSON or [binary](wire::binary), in each [generation](wire::Generation).
//! - [`model`] describes a type to the show; it is what the macros expand to. [`descriptor`] looks at the result.
//! - [`schema`] makes the schemas that a server can show, [`payload`] checks what comes against them, and
//!   [`dispatch`] finds the action.
//! - [`show`] writes what people read.
#![cfg_attr(docsrs, feature(doc_cfg))]

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
