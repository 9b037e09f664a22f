#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
#[target(actions("output"))]
struct Deck<V: Send + 'static> {
    value: V,
}

#[actions]
impl<V: Send + 'static> Deck<V> {
    #[action(id = "stop")]
    fn first(&mut self) {}
}

#[actions(block = "output")]
impl<V: Send + Clone + 'static> Deck<V> {
    #[action(id = "stop")]
    fn second(&mut self) {}
}

fn main() {
    let _ = Deck::<u8>::descriptor();
}
