#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Stand {
    #[emitter]
    cash: f64,
    #[emitter]
    #[action]
    stock: u32,
    #[emitter]
    sold: Emitter<u32>,
}

#[actions]
impl Stand {
    #[action]
    fn set_stock(&mut self, stock: u32) {}

    #[emitter(id = "sold")]
    fn sold_today(&self) -> u32 {
        0
    }
}

fn main() {}
