#![allow(unused)]

use rship_runtime::prelude::*;

use std::rc::Rc;

#[derive(Target)]
struct Stand {
    #[emitter]
    cash: f64,
    shared: Rc<u8>,
}

fn main() {}
