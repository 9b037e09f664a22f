#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Stand {
    #[emitter]
    #[action(min = 1.5, max = -1.5)]
    cash: f64,
}

#[actions]
impl Stand {
    #[action]
    fn sell(&mut self, #[arg(min = 12, max = 1)] count: u32) {}
}

fn main() {}
