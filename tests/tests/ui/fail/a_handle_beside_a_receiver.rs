#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Stand;

#[actions]
impl Stand {
    #[action]
    async fn fade(&mut self, this: Handle<Self>, to: f64) {}
}

fn main() {}
