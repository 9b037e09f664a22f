#![allow(unused)]

use rship_runtime::prelude::*;

#[actions]
struct Stand;

#[actions]
mod inner {
    #[action]
    fn sell() {}
}

#[actions]
fn sell() {}

fn main() {}
