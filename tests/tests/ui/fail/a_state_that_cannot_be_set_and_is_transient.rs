#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Lamp {
    #[emitter(transient)]
    level: f64,
    #[action(transient)]
    on: bool,
    #[emitter]
    #[action(transient = true)]
    solo: bool,
}

#[actions]
impl Lamp {
    #[action(transient)]
    fn toggle(&mut self) {}
}

fn main() {}
