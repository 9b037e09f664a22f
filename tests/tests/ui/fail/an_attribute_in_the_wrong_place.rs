#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
#[emitter]
struct Stand {
    #[arg(min = 1)]
    #[emitter]
    cash: f64,
}

#[actions]
impl Stand {
    #[action]
    fn sell(#[arg(min = 1)] &mut self) {}

    fn helper(&self, #[arg(min = 1)] count: u32) {}
}

fn main() {}
