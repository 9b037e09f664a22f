#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
#[target(actions("output"))]
struct Deck<V: Send + 'static> {
    #[emitter]
    #[action]
    level: f64,
    #[emitter]
    #[action]
    pan: f64,
    value: V,
}

#[actions]
impl<V: Send + 'static> Deck<V> {
    #[action(id = "set-level")]
    fn first(&mut self) {}

    #[emitter(id = "pan")]
    fn second(&self) -> u8 {
        0
    }
}

#[actions(block = "output")]
impl<V: Send + Clone + 'static> Deck<V> {
    #[action(id = "set-level")]
    fn third(&mut self) {}

    #[action(id = "set-pan")]
    fn fourth(&mut self) {}
}

fn main() {
    let _ = Deck::<u8>::descriptor();
}
