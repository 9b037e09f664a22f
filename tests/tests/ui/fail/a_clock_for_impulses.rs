#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Stand {
    #[emitter(every = "1s")]
    sold: Emitter<u32>,
}

fn main() {}
