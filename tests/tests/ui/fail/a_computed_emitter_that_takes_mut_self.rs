#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Stand;

#[actions]
impl Stand {
    #[emitter]
    fn worth(&mut self) -> f64 {
        0.0
    }
}

fn main() {}
