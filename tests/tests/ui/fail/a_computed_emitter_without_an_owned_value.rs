#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Stand {
    name: String,
}

#[actions]
impl Stand {
    #[emitter]
    fn nothing(&self) {}

    #[emitter]
    async fn later(&self) -> f64 {
        0.0
    }

    #[emitter]
    fn name(&self) -> &str {
        &self.name
    }

    #[emitter]
    fn hidden(&self) -> impl Iterator<Item = u8> {
        std::iter::empty()
    }
}

fn main() {}
