#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Stand;

#[actions]
impl Stand {
    #[action]
    fn sell(&mut self, #[arg(min = 0.5)] count: u32, #[arg(max = true)] price: f64) {}
}

fn main() {}
