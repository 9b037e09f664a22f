//! The corpus of argument and emitter types: what the profile makes of each, and who takes which value.

mod agreement;
mod bindings;
mod forbidden;
mod generate;
mod generated;
mod golden;
mod recursive;
