#![allow(unused)]

use rship_runtime::prelude::*;

struct Money;

#[derive(serde::Serialize)]
struct Half;

#[derive(Target)]
struct Stand {
    #[emitter]
    cash: Money,
    #[emitter]
    sold: Emitter<Half>,
    #[emitter]
    list: Vec<Half>,
}

#[actions]
impl Stand {
    #[emitter]
    fn worth(&self) -> Money {
        Money
    }
}

fn main() {}
