//! The local core met through its socket and its command line.

// Clippy's `allow-*-in-tests` holds for helpers too where this stands.
#![cfg(test)]

mod binary;
mod check;
mod cli;
mod closing;
mod commands;
mod compat;
mod doors;
mod handshake;
mod inspect;
mod limits;
mod looking;
mod meddling;
mod new;
mod page;
mod page_looks;
mod peer;
mod queries;
mod recording;
// Its programs are ended by signals.
#[cfg(unix)]
mod recording_proxy;
mod storing;
#[cfg(target_os = "linux")]
mod terminal;
mod windows;
