#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
#[target(id = "shop:stand")]
struct Stand {
    #[emitter(id = "cash:dollars")]
    #[action(id = ":set")]
    cash: f64,
    #[target(id = "a:b")]
    register: Register,
}

#[derive(Target)]
struct Register;

#[actions]
impl Stand {
    #[action(id = "stand:sell", writes = "stand:cash")]
    fn sell(&mut self) {}

    #[emitter(id = "stand:worth")]
    fn worth(&self) -> f64 {
        0.0
    }
}

fn main() {}
