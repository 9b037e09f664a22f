#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Lamp {
    #[emitter]
    level: f64,
}

#[actions]
impl Lamp {
    #[action]
    fn toggle(&mut self) -> bool {
        true
    }
}

async fn device(lamp: Handle<Lamp>) {
    lamp.lock().level = 0.5;
    let level = lamp.lock().level;
    lamp.lock().toggle();
}

fn main() {}
