#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
#[target(actions = "output")]
struct A;

#[derive(Target)]
#[target(actions(output), nam = "a")]
struct B;

#[derive(Target)]
#[target(actions("output", "output"))]
struct C;

#[derive(Target)]
#[target(block = "output")]
struct D;

#[actions(block)]
impl A {
    #[action]
    fn a(&mut self) {}
}

#[actions(block = "output")]
impl B {
    #[action]
    fn a(&mut self) {}
}

#[actions]
impl C {
    #[action]
    fn a(&mut self) {}
}

#[actions(block = "output")]
impl C {
    #[action]
    fn b(&mut self) {}
}

fn main() {}
