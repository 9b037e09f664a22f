#![allow(unused)]

use std::time::Instant;

use rship_runtime::prelude::*;

#[derive(Target)]
struct Clock {
    #[emitter(with = "elapsed")]
    #[action]
    started: Instant,
    #[emitter(with = "not a path")]
    stopped: Instant,
    #[emitter(with = "elapsed")]
    name: String,
    #[emitter]
    seen: Instant,
}

fn elapsed(since: &Instant) -> f64 {
    since.elapsed().as_secs_f64()
}

fn main() {}
