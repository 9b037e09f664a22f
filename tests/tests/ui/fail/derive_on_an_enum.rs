#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
enum Stand {
    Open,
    Closed,
}

#[actions]
impl Stand {
    #[action]
    fn sell(&mut self) {}
}

fn add(executor: &Executor) {
    let _ = executor.add("stand", Stand::Open);
    let _ = executor.add("stand", Stand::Closed);
}

fn main() {}
