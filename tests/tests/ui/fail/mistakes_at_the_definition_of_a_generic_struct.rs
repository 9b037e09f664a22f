#![allow(unused)]

use rship_runtime::prelude::*;

// Nothing below uses these types: what is wrong is found without that.
#[derive(Target)]
#[target(actions)]
struct Dimmer<V: Send + 'static> {
    #[emitter(id = "brightness")]
    #[action]
    level: f64,
    value: V,
}

#[actions]
impl<V: Clone + Send + 'static> Dimmer<V> {
    #[action(id = "set-level")]
    fn taken_action(&mut self) {}

    #[emitter(id = "brightness")]
    fn taken_emitter(&self) -> u8 {
        0
    }

    #[action(writes = "levle")]
    fn a_slip(&mut self) {}

    #[action(writes = "level")]
    fn by_field(&mut self) {}

    #[action(writes = "max_watts")]
    fn by_method(&mut self) {}

    #[emitter]
    fn max_watts(&self) -> u8 {
        1
    }
}

#[derive(Target)]
#[target(actions)]
struct Fader<V: Send + 'static, const N: usize> {
    #[emitter]
    level: f64,
    value: V,
}

#[actions]
impl Fader<u8, { 1 + 1 }> {
    #[emitter]
    fn level(&self) -> f64 {
        0.0
    }
}

// The emitters of another block are not known here.
#[derive(Target)]
#[target(actions("output"))]
struct Deck<V: Send + 'static> {
    #[emitter]
    level: f64,
    value: V,
}

#[actions]
impl<V: Send + 'static> Deck<V> {
    #[action(writes = "volume")]
    fn mute(&mut self) {}
}

#[actions(block = "output")]
impl<V: Clone + Send + 'static> Deck<V> {
    #[emitter]
    fn volume(&self) -> f64 {
        0.0
    }
}

#[derive(Target)]
struct Wall<V: Send + 'static> {
    #[target(key = "value")]
    panel: Panel<V>,
    #[target(key = "value")]
    panels: Vec<Panel<V>>,
}

#[derive(Target)]
struct Panel<V: Send + 'static> {
    value: String,
    other: V,
}

fn main() {}
