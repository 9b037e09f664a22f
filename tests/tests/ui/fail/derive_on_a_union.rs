#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
union Stand {
    open: u8,
    closed: i8,
}

fn main() {}
