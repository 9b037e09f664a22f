#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
#[target(name = "", category = " ", key = "")]
struct Lamp {
    #[emitter(name = "", with = "")]
    #[action(name = "", set = "")]
    level: f64,
    #[target(key = "")]
    bulbs: Vec<Bulb>,
}

#[derive(Target)]
struct Bulb;

#[actions]
impl Lamp {
    #[action(name = "")]
    fn dim(&mut self, #[arg(name = "", label = "", unit = "")] to: f64) {}
}

fn main() {}
