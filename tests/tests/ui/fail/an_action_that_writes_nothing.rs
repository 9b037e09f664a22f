#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Lamp {
    #[emitter(id = "brightness")]
    level: u8,
    private: u8,
}

#[actions]
impl Lamp {
    #[action(writes = "levle")]
    fn a_slip(&mut self) {}

    #[action(writes = "private")]
    fn no_emitter(&mut self) {}

    #[action(writes = "level")]
    fn by_field(&mut self) {}

    #[action(writes = "brightness")]
    fn by_id(&mut self) {}

    #[action(writes = "watts")]
    fn by_method(&mut self) {}

    #[emitter]
    fn watts(&self) -> u8 {
        1
    }
}

fn main() {}
