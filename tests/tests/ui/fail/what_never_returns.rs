#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Lamp;

#[actions]
impl Lamp {
    #[action]
    fn blink(&self) -> ! {
        loop {}
    }

    #[action]
    async fn fade(this: Handle<Self>) -> ! {
        loop {}
    }

    #[emitter]
    fn level(&self) -> ! {
        loop {}
    }
}

fn main() {}
