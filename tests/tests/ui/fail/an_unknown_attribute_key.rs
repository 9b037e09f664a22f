#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
#[target(catgory = "retail", weather = "fine")]
struct Stand {
    #[emitter(timeout = "1s")]
    #[action(minimum = 1)]
    cash: f64,
    #[target(keys = "serial")]
    register: Vec<Register>,
}

#[derive(Target)]
struct Register;

#[actions(krate = rship_runtime)]
impl Stand {
    #[action(write = "cash")]
    fn sell(&mut self, #[arg(defualt = 1)] count: u32) {}

    #[emitter(min = 0)]
    fn worth(&self) -> f64 {
        self.cash
    }
}

fn main() {}
