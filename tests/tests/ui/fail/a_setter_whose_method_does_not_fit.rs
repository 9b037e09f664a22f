#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Lamp {
    #[emitter]
    #[action(set = "set_levle")]
    level: f64,
    #[emitter]
    #[action(set = "Lamp::set_level")]
    ceiling: f64,
    #[emitter]
    #[action(set = "set_level")]
    name: String,
    #[emitter]
    #[action(set = "refuse")]
    on: bool,
}

impl Lamp {
    fn set_level(&mut self, level: f64) {
        self.level = level;
    }

    fn refuse(&mut self, _: bool) -> Result<(), ()> {
        Err(())
    }
}

fn main() {}
