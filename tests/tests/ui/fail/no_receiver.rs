#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Stand;

#[actions]
impl Stand {
    #[action]
    fn sell() {}

    #[action]
    async fn burn(count: u32) {}

    #[emitter]
    fn worth() -> f64 {
        0.0
    }

    #[emitter]
    fn handled(this: Handle<Self>) -> f64 {
        0.0
    }
}

fn main() {}
