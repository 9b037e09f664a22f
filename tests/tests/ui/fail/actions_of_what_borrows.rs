#![allow(unused)]

use rship_runtime::prelude::*;

trait Transport<'a> {
    fn play(&mut self, from: u32);
}

#[derive(Target)]
#[target(actions("transport"))]
struct Deck;

#[actions]
impl<'a> Transport<'a> for &'a mut Deck {
    #[action]
    fn play(&mut self, from: u32) {}
}

#[actions(block = "transport")]
impl<'a> Transport<'a> for Deck {
    #[action]
    fn play(&mut self, from: u32) {}
}

struct NoTarget<'a> {
    text: &'a str,
}

#[actions]
impl<'a> NoTarget<'a> {
    #[action]
    fn play(&mut self) {}

    #[action]
    fn stop(&mut self) {}
}

fn main() {}
