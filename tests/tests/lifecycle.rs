//! Life cycles: of targets, of instances, and of the executor itself.

// The lints' leave for tests ends at their helpers.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

#[path = "lifecycle/ending.rs"]
mod ending;
#[path = "lifecycle/instances.rs"]
mod instances;
#[path = "lifecycle/targets.rs"]
mod targets;
