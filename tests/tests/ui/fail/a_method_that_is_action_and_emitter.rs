#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Stand;

#[actions]
impl Stand {
    #[action]
    #[emitter]
    fn worth(&self) -> f64 {
        0.0
    }
}

fn main() {}
