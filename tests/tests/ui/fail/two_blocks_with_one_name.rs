#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
#[target(actions("output"))]
struct Deck;

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

#[actions(block = "output")]
impl Deck {
    #[action]
    fn fade(&mut self) {}
}

fn main() {}
