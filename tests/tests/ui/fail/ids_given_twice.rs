#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
#[target(actions("output", "transport"), nam = "a")]
struct Deck {
    #[emitter]
    #[action]
    level: f64,
    #[emitter(id = "pan:")]
    pan: f64,
    #[emitter]
    gain: f64,
}

#[actions]
impl Deck {
    #[action(id = "set-level")]
    fn first(&mut self) {}

    #[action]
    fn stop(&mut self, #[arg(mni = 1)] hard: u8) {}

    #[emitter(id = "gain")]
    fn first_gain(&self) -> u8 {
        0
    }
}

#[actions(block = "output")]
impl Deck {
    #[action]
    fn mute(&mut self) {}

    #[cfg(all())]
    #[action(id = "mute")]
    fn silence(&mut self) {}

    #[cfg(any())]
    #[action(id = "mute")]
    fn quiet(&mut self) {}

    #[action(id = "stop")]
    fn halt(&mut self) {}

    #[emitter]
    fn peak(&self) -> u8 {
        0
    }
}

trait Transport {
    fn play(&mut self);
    fn mute(&mut self);
    fn stop(&mut self);
}

#[actions(block = "transport")]
impl Transport for Deck {
    #[action]
    fn play(&mut self) {}

    #[action]
    fn mute(&mut self) {}

    #[action]
    fn stop(&mut self) {}
}

fn main() {}
