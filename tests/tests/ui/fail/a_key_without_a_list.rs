#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Panel {
    serial: String,
}

#[derive(Target)]
struct Wall {
    #[target(key = "serial")]
    panel: Panel,
}

fn main() {}
