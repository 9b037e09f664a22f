#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Stand {
    #[emitter(id = "")]
    cash: f64,
    #[emitter]
    __: f64,
}

#[actions]
impl Stand {
    #[action(id = "")]
    fn sell(&mut self) {}
}

fn main() {}
