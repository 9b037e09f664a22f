#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Stand;

#[actions]
impl Stand {
    fn sell(&mut self) {}
}

#[derive(Target)]
struct Empty;

#[actions]
impl Empty {}

fn main() {}
