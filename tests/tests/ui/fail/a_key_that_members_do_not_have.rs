#![allow(unused)]

use rship_runtime::prelude::*;

struct Secret;

#[derive(Target)]
#[target(key = "secret")]
struct Register {
    secret: Secret,
}

#[derive(Target)]
struct Stand {
    #[target(key = "number")]
    registers: Vec<Register>,
}

fn main() {}
