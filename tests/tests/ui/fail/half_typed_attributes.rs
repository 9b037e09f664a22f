#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
#[target("x")]
struct Lamp {
    #[emitter(id = )]
    level: u8,
    #[emitter(id = "x" +)]
    hours: u8,
    #[emitter(id "y", name = "Watts")]
    watts: u8,
}

#[actions]
impl Lamp {
    #[action(id = "a" name = "A", blokcing)]
    fn missing_comma(&mut self) {}

    #[action(na)]
    fn half(&mut self, #[arg(min = 1 +)] count: u8, #[arg(min = 1; max = 2)] more: u8) {}
}

fn main() {
    let _ = Lamp::descriptor();
}
