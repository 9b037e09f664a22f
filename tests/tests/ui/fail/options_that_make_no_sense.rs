#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Order {
    count: u32,
}

#[derive(Target)]
struct Stand;

#[actions]
impl Stand {
    #[action(blocking)]
    async fn waits(&mut self) {}

    #[action(blocking)]
    fn handled(this: Handle<Self>) {}

    #[action(restart)]
    fn short(&mut self) {}

    #[action(blocking, restart)]
    fn blocks(&mut self) {}

    #[action]
    fn flat(&mut self, #[arg(flatten, name = "a", min = 1)] order: Order) {}

    #[action]
    fn flat_twice(&mut self, #[arg(flatten)] first: Order, #[arg(flatten)] second: Order) {}
}

fn main() {}
