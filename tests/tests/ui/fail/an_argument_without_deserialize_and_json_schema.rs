#![allow(unused)]

use rship_runtime::prelude::*;

struct Order;

#[derive(serde::Deserialize)]
struct Half;

#[derive(Target)]
struct Stand {
    #[emitter]
    cash: f64,
}

#[actions]
impl Stand {
    #[action]
    fn order(&mut self, order: Order, count: u32) {}

    #[action]
    async fn send(&mut self, half: Half) {}

    #[action]
    async fn bring(this: Handle<Self>, orders: Vec<Order>) {}
}

fn main() {}
