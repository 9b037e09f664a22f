#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Stand {
    #[emitter]
    #[action(min = 0, max = 1)]
    open: bool,
}

#[actions]
impl Stand {
    #[action]
    fn rename(&mut self, #[arg(min = 1, max = 20)] name: String) {}

    #[action]
    fn sell(&mut self, #[arg(max = 20)] counts: Vec<u32>) {}
}

fn main() {}
