#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Stand;

#[actions]
impl Stand {
    #[emitter(every = "0s")]
    fn never(&self) -> f64 {
        0.0
    }

    #[emitter(every = "soon")]
    fn soon(&self) -> f64 {
        0.0
    }

    #[emitter(every = 500)]
    fn number(&self) -> f64 {
        0.0
    }

    #[action(timeout = "0ms")]
    fn at_once(&mut self) {}

    #[action(timeout = "a while")]
    async fn patient(&mut self) {}

    #[action(timeout = 5)]
    async fn unitless(this: Handle<Self>) {}

    #[action(timeout)]
    fn endless(&mut self) {}
}

fn main() {}
