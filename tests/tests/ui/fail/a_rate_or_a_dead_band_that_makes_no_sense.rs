#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Lamp {
    #[emitter(max_rate = "often", deadband = 0)]
    level: f64,
    #[emitter(max_rate = "2000 Hz")]
    ceiling: f64,
    #[emitter(deadband = 0.01)]
    name: String,
    #[emitter(max_rate = "30 Hz")]
    hit: Emitter<u32>,
}

#[actions]
impl Lamp {
    #[emitter(deadband = 1)]
    fn is_on(&self) -> bool {
        self.level > 0.0
    }
}

fn main() {}
