#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Stand {
    #[emitter]
    #[action]
    cash: f64,
    #[emitter]
    #[action(id = "set-cash")]
    money: f64,
}

#[derive(Target)]
struct Bank;

#[actions]
impl Bank {
    #[action]
    fn close_now(&self) {}

    #[action(id = "close-now")]
    fn close(&self) {}
}

fn main() {}
