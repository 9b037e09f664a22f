#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Stand {
    #[emitter]
    cash: f64,
    #[emitter(id = "cash")]
    money: f64,
}

#[derive(Target)]
struct Bank;

#[actions]
impl Bank {
    #[emitter]
    fn worth(&self) -> f64 {
        0.0
    }

    #[emitter(id = "worth")]
    fn value(&self) -> f64 {
        0.0
    }
}

fn main() {}
