#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Stand<'a, T: Send + 'static> {
    #[emitter]
    name: &'a str,
    other: T,
}

#[actions]
impl<'a, T: Send + 'static> Stand<'a, T> {
    #[action]
    fn sell(&mut self) {}
}

fn add(executor: &Executor) {
    let _ = executor.add("stand", Stand { name: "stand", other: 1 });
}

fn main() {}
