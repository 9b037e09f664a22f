#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Stand;

#[actions]
impl Stand {
    #[action]
    fn sell(&mut self) {}
}

#[actions]
impl Stand {
    #[action]
    fn burn(&mut self) {}
}

fn main() {}
