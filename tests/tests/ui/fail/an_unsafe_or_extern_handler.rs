#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Stand;

#[actions]
impl Stand {
    #[action]
    unsafe fn sell(&mut self) {}

    #[action]
    extern "C" fn burn(&mut self) {}

    #[emitter]
    unsafe fn worth(&self) -> f64 {
        0.0
    }
}

fn main() {}
