#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Dimmer<V: serde::Serialize + schemars::JsonSchema + Send + 'static> {
    #[emitter]
    level: V,
}

#[actions]
impl Dimmer<f64> {
    #[action]
    fn reset(&mut self) {
        self.level = 0.0;
    }
}

fn main() {}
