#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Stand;

#[actions]
impl Stand {
    #[action]
    fn sell(&mut self, count: u32, #[arg(name = "count")] number: u32) {}
}

fn main() {}
