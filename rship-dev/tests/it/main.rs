//! The local core met through its socket and its command line.

// The lints' leave for tests ends at their helpers.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod binary;
mod check;
mod cli;
mod closing;
mod commands;
mod handshake;
mod limits;
mod meddling;
mod peer;
mod queries;
mod storing;
mod windows;
