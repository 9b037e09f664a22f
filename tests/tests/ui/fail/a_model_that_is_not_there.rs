#![allow(unused)]

use std::ops::Range;

use rship_runtime::prelude::*;

#[derive(Target)]
struct Player {
    #[target(model = "describe_it", key = "start")]
    keyed: Vec<Range<f64>>,
}

fn main() {}
