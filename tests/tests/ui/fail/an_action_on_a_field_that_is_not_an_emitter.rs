#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Register;

#[derive(Target)]
struct Stand {
    #[action]
    cash: f64,
    #[emitter]
    #[action]
    sold: Emitter<u32>,
    #[target]
    #[action]
    register: Register,
}

fn main() {}
