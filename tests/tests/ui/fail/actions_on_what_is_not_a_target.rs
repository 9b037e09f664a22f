#![allow(unused)]

use rship_runtime::prelude::*;

struct Stand;

#[actions]
impl Stand {
    #[action]
    fn sell(&mut self, count: u32) {}
}

fn main() {}
