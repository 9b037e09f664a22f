#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Stand;

#[actions]
impl Stand {
    #[action]
    fn sell(self) {}

    #[action]
    async fn burn(mut self, count: u32) {}

    #[action]
    fn boxed(self: Box<Self>) {}

    #[emitter]
    fn worth(self) -> f64 {
        0.0
    }
}

fn main() {}
