#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
#[target(actions)]
struct Stand {
    #[emitter]
    #[action]
    cash: f64,
}

#[derive(Target)]
#[target(actions("output", "transport"))]
struct Deck {
    #[emitter]
    #[action]
    level: f64,
}

#[actions]
impl Deck {
    #[action]
    fn stop(&mut self) {}
}

#[actions(block = "output")]
impl Deck {
    #[action]
    fn mute(&mut self) {}
}

#[derive(Target)]
#[target(actions)]
struct Dimmer<V: Clone + Send + 'static> {
    level: V,
}

#[actions]
impl Dimmer<f64> {
    #[action]
    fn off(&mut self) {}
}

#[derive(Target)]
#[target(actions)]
struct Fader<V: Send + 'static> {
    level: V,
}

#[actions]
impl<V: Copy + Send + 'static> Fader<V> {
    #[action]
    fn off(&mut self) {}
}

fn main() {
    let _ = Dimmer::<f64>::descriptor();
    let _ = Dimmer::<u8>::descriptor();
    let _ = Fader::<u8>::descriptor();
    let _ = Fader::<String>::descriptor();
}
