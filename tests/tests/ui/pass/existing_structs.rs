//! The macros add no field, change no type and ask for no trait; methods stay callable.

#![deny(warnings)]

use std::sync::mpsc::Sender;

use rship_runtime::prelude::*;

#[derive(Target)]
struct Player {
    #[emitter]
    position: f64,
    #[emitter]
    titles: Vec<String>,
    commands: Sender<Box<dyn FnOnce() + Send>>,
}

#[actions]
impl Player {
    /// How far a skip goes.
    const STEP: f64 = 10.0;

    fn new(commands: Sender<Box<dyn FnOnce() + Send>>) -> Self {
        Self { position: 0.0, titles: Vec::new(), commands }
    }

    #[action]
    fn skip(&mut self, #[arg(default = Self::STEP, min = 0.0, max = f64::MAX)] by: f64) -> f64 {
        let _ = self.commands.send(Box::new(|| {}));
        self.position += by;
        self.position
    }

    fn unmarked<T: Default>(&self, _any: &str) -> T {
        T::default()
    }
}

fn main() {
    const { assert!(size_of::<Player>() == size_of::<(f64, Vec<String>, Sender<Box<dyn FnOnce() + Send>>)>()) };
    let mut player = Player::new(std::sync::mpsc::channel().0);
    assert_eq!(player.skip(2.5), 2.5);
    assert_eq!(player.unmarked::<u8>(""), 0);
    assert_eq!(player.titles.len(), 0);
}
