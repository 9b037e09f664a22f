#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Lamp {
    #[emitter]
    #[action(min = 0, max = f64::INFINITY)]
    level: f64,
}

#[actions]
impl Lamp {
    #[action]
    fn dim(
        &mut self,
        #[arg(min = -f32::NAN)] to: f32,
        #[arg(min = 1, max = 5, default = 9)] steps: u32,
        #[arg(min = 1, default)] times: u32,
    ) {
    }
}

fn main() {}
