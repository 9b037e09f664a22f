#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Dimmer<V: Send + 'static> {
    value: V,
}

#[derive(Target)]
enum Fixture<V: Send + 'static> {
    Dimmer(Dimmer<V>),
}

// Nobody uses this one.
#[actions]
impl<V: Send + 'static> Fixture<V> {
    #[action]
    fn off(&mut self) {}
}

#[derive(Target)]
enum Other<V: Send + 'static> {
    Dimmer(Dimmer<V>),
}

#[actions]
impl Other<u8> {
    #[emitter]
    fn level(&self) -> u8 {
        0
    }
}

#[derive(Target)]
enum Plain {
    Dimmer(Dimmer<u8>),
}

#[actions]
impl Plain {
    #[action]
    fn off(&mut self) {}
}

#[actions(block = "further")]
impl Plain {
    #[action]
    fn on(&mut self) {}
}

#[derive(Target)]
enum Several {
    Dimmer(Dimmer<u8>),
}

#[actions(block = "further")]
impl Several {
    #[action]
    fn on(&mut self) {}
}

fn main() {}
