#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Register;

#[derive(Target)]
struct Stand {
    #[emitter]
    #[target]
    register: Register,
}

fn main() {}
