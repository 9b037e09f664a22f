#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Stand;

#[actions(block = "output")]
impl Stand {
    #[action]
    fn mute(&mut self) {}
}

trait Transport {
    fn play(&mut self);
}

#[derive(Target)]
#[target(actions("output"))]
struct Deck<V: Send + 'static> {
    value: V,
}

#[actions]
impl<V: Send + 'static> Deck<V> {
    #[action]
    fn stop(&mut self) {}
}

#[actions(block = "output")]
impl<V: Send + 'static> Deck<V> {
    #[action]
    fn mute(&mut self) {}
}

#[actions(block = "transport")]
impl<V: Send + 'static> Transport for Deck<V> {
    #[action]
    fn play(&mut self) {}
}

struct Nothing;

#[actions(block = "output")]
impl Nothing {
    #[action]
    fn mute(&mut self) {}

    #[action]
    fn fade(&mut self) {}
}

fn main() {}
