#![allow(unused)]

use rship_runtime::prelude::*;

struct Stand {
    #[emitter]
    #[action]
    cash: f64,
    #[emitter]
    stock: u32,
}

#[actions]
impl Stand {
    #[action]
    fn sell(&mut self, count: u32) -> f64 {
        self.cash
    }

    #[action]
    async fn burn(this: Handle<Self>) {}

    #[emitter]
    fn worth(&self) -> f64 {
        self.cash
    }
}

fn main() {}
