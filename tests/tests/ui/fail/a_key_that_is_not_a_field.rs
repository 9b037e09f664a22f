#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
#[target(key = "serail")]
struct Register {
    serial: String,
}

#[derive(Target)]
struct Stand {
    #[target(key = "serial number")]
    first: Vec<Register>,
    #[target(key = "serial")]
    second: Option<Register>,
}

fn main() {}
