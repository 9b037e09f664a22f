#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Stand;

#[actions]
impl Stand {
    #[action]
    fn sell(&mut self, #[arg(default = "one")] count: u32) {}
}

fn main() {}
