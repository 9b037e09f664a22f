//! The local core met through its socket and its command line.

mod cli;
mod closing;
mod commands;
mod handshake;
mod limits;
mod peer;
mod queries;
mod storing;
