//! Commands: every form of them, and exactly one answer to each.

// The lints' leave for tests ends at their helpers.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

#[path = "commands/lab.rs"]
mod lab;

#[path = "commands/addresses.rs"]
mod addresses;
#[path = "commands/batches.rs"]
mod batches;
#[path = "commands/handlers.rs"]
mod handlers;
#[path = "commands/load.rs"]
mod load;
#[path = "commands/locks.rs"]
mod locks;
#[path = "commands/payloads.rs"]
mod payloads;
#[path = "commands/restarts.rs"]
mod restarts;
