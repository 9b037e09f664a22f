#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Stand(f64, u32);

#[actions]
impl Stand {
    #[action]
    fn sell(&mut self) {}
}

fn main() {}
