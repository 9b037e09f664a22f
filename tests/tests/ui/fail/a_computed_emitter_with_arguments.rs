#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Stand;

#[actions]
impl Stand {
    #[emitter]
    fn worth(&self, price: f64, count: u32) -> f64 {
        price
    }
}

fn main() {}
