#![allow(unused)]

use std::sync::{Arc, Mutex, RwLock};

use rship_runtime::prelude::*;

#[derive(Target)]
struct Player;

#[actions]
impl Player {
    #[action]
    async fn fade(&mut self) {}
}

#[derive(Target)]
#[target(actions("long"))]
struct Deck;

#[actions]
impl Deck {
    #[action]
    fn stop(&mut self) {}
}

#[actions(block = "long")]
impl Deck {
    #[action]
    async fn run(this: Handle<Self>) {}
}

#[derive(Target)]
struct Hub {
    #[target]
    decks: Vec<Arc<RwLock<Box<Deck>>>>,
}

fn main() {
    let executor = Executor::from_env("films").unwrap();
    executor.add("player", Arc::new(Mutex::new(Player))).unwrap();
    executor.add("hub", Hub { decks: Vec::new() }).unwrap();
}
