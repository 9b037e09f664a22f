#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Stand;

trait Sell {
    fn sell(&mut self, count: u32);
}

#[actions]
impl Sell for Stand {
    #[action]
    fn sell(&mut self, #[arg(min = 1)] count: u32) {}
}

fn main() {}
