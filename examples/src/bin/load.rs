//! The load executor: an ordinary device that publishes, registers or answers as fast as it can, to
//! measure a server with.
//!
//! ```text
//! cargo run --release -p rship-examples --features load --bin load -- ws://127.0.0.1:5155/myko pulse 10 100000
//! cargo run --release -p rship-examples --features load --bin load -- URL state EMITTERS PULSES [--flush]
//! cargo run --release -p rship-examples --features load --bin load -- URL publish THREADS TARGETS PULSES
//! cargo run --release -p rship-examples --features load --bin load -- URL register TARGETS ACTIONS EMITTERS
//! cargo run --release -p rship-examples --features load --bin load -- URL dispatch COMMANDS [TARGETS] [--state]
//! cargo run --release -p rship-examples --features load --bin load -- URL fleet EXECUTORS TARGETS MEMBERS PULSES COMMANDS
//! cargo run --release -p rship-examples --features load --bin load -- URL tick TARGETS MEMBERS
//! cargo run --release -p rship-examples --features load --bin load -- URL idle EXECUTORS SECONDS
//! ```
//!
//! `--cbor` writes CBOR to a 2026 server. Each step of a mode ends with one line of JSON: what was done,
//! and what it took: `enqueue_s` (until the device had said everything), `wall_s` and `cpu_s` (until
//! everything was on the wire; user and system time of this process), `rss_kib` (resident memory at the
//! end).

use clap::Parser as _;
use rship_examples::Failure;
use rship_examples::load::Load;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    Load::parse().run().await
}
