#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
#[target(name = 5, category, crate = "rship_runtime")]
struct Stand {
    #[emitter = "cash"]
    cash: f64,
    #[emitter]
    #[action(min, max = )]
    stock: u32,
}

#[actions]
impl Stand {
    #[action(blocking = true, id("sell"))]
    fn sell(&mut self, #[arg(flatten = yes)] count: u32) {}
}

fn main() {}
