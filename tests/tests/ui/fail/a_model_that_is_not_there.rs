#![allow(unused)]

use std::ops::Range;

use rship_runtime::prelude::*;

#[derive(Target)]
struct Player {
    #[target(model = "nowhere::describe")]
    repeated: Vec<Range<f64>>,
    #[target(model = "describe_it", key = "start")]
    keyed: Vec<Range<f64>>,
}

fn main() {}
