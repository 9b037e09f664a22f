#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Stand;

#[actions]
impl Stand {
    #[action]
    fn sell(&mut self, (count, price): (u32, f64), _: u32) {}

    #[action]
    fn burn(&mut self, [first, ..]: [u8; 2]) {}
}

fn main() {}
