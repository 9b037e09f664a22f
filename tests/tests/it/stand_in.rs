//! Stand-ins: devices that are played by their manifests.

mod attacks;
#[cfg(unix)]
mod command;
mod faults;
mod lab;
mod like_examples;
mod payloads;
mod seeds;
