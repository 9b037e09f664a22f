#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Stand;

#[actions]
impl Stand {
    #[action]
    fn sell<T: Into<f64>>(&mut self, price: T) {}

    #[action]
    fn burn<const N: usize>(&mut self, times: [u8; N]) {}

    #[action]
    fn build(&mut self, from: impl Into<f64>) {}

    #[emitter]
    fn worth<T: Default>(&self) -> T {
        T::default()
    }
}

fn main() {}
