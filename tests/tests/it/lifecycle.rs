//! Life cycles: of targets, of instances, and of the executor itself.

mod ending;
mod instances;
mod targets;
