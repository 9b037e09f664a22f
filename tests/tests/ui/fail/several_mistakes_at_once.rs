#![allow(unused)]

use rship_runtime::prelude::*;

struct Order;

#[derive(Target)]
#[target(bg_color = "yellow", nmae = "The Banana Stand")]
struct Stand {
    #[emitter(id = "cash:dollars")]
    cash: f64,
    #[action]
    stock: u32,
    #[emitter]
    #[emitter(name = "A", name = "B")]
    price: f64,
    #[emitter]
    order: Order,
}

#[actions]
impl Stand {
    #[action(id = "")]
    fn sell(&mut self, name: &str, (a, b): (u8, u8), #[arg(min = 2, max = 1)] count: u32) {}

    #[action]
    fn burn<T>(self, what: T) {}

    #[emitter(every = "0s")]
    fn worth(&mut self, price: f64) -> f64 {
        price
    }

    #[emitter(unit = "EUR")]
    fn next(&self) -> Order {
        Order
    }

    #[action]
    fn order(self, order: Order) {}

    #[action]
    fn fine(&mut self) {}
}

fn add(executor: &Executor, mut stand: Stand) {
    stand.fine();
    let _ = executor.add("stand", stand);
    let _ = Stand::descriptor();
}

fn main() {}
