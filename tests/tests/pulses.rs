//! Pulses: what changed and nothing else, whoever changed it and however slow the server is.

// The lints' leave for tests ends at their helpers.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

#[path = "pulses/changes.rs"]
mod changes;
#[path = "pulses/clock.rs"]
mod clock;
#[path = "pulses/members.rs"]
mod members;
#[path = "pulses/slow_server.rs"]
mod slow_server;
