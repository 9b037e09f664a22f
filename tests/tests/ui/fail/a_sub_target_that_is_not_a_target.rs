#![allow(unused)]

use rship_runtime::prelude::*;

struct Register;

#[derive(Target)]
struct Stand {
    #[target]
    register: Register,
    #[target]
    registers: Vec<Register>,
    #[target]
    boxed: Box<[Register]>,
}

fn main() {}
