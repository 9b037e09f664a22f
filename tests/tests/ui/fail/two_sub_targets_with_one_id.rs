#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Register;

#[derive(Target)]
struct Stand {
    #[target(id = "register")]
    left: Register,
    #[target(id = "register")]
    right: Register,
}

fn main() {}
