#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Stand {
    #[emitter]
    cash: f64,
}

impl Stand {
    #[action]
    fn sell(&mut self, #[arg(min = 1)] count: u32) {
        let _ = count;
    }

    #[emitter]
    fn worth(&self) -> f64 {
        self.cash
    }
}

#[action]
fn alone() {}

#[arg(min = 1)]
fn argument() {}

fn main() {}
