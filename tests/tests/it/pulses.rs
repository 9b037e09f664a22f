//! Pulses: what changed and nothing else, whoever changed it and however slow the server is.

mod changes;
mod clock;
mod members;
mod pace;
mod slow_server;
