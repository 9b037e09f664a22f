#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
#[target(name = "A", name = "B")]
struct Stand {
    #[emitter(id = "a")]
    #[emitter(id = "b")]
    cash: f64,
}

#[actions]
impl Stand {
    #[action(blocking, blocking)]
    fn sell(&mut self, #[arg(min = 1, max = 2, min = 3)] count: u32) {}
}

fn main() {}
