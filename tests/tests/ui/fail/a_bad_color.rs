#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
#[target(bg_color = "yellow", fg_color = "#ff0")]
struct Stand {
    #[emitter]
    cash: f64,
}

fn main() {}
