#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(serde::Serialize, schemars::JsonSchema)]
struct Price;

#[derive(Target)]
struct Stand {
    #[emitter]
    #[action]
    price: Price,
}

fn main() {}
