//! The corpus of argument and emitter types: what the profile makes of each, and who takes which value.

// The lints' leave for tests ends at their helpers.
#![allow(clippy::expect_used)]

mod agreement;
mod bindings;
mod contracts;
mod forbidden;
mod generate;
mod generated;
mod golden;
mod recursive;
