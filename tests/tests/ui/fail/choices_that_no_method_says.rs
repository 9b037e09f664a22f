#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Router {
    inputs: Vec<String>,
    #[emitter]
    #[action(choices = "input", max = "10")]
    main: u32,
    #[emitter]
    #[action(min = "inputs")]
    level: f64,
}

#[actions]
impl Router {
    fn inputs(&self) -> &[String] {
        &self.inputs
    }

    fn most(&mut self) -> u32 {
        8
    }

    fn is_on(&self) -> bool {
        true
    }

    #[action]
    fn route(
        &mut self,
        #[arg(choices = "is_on")] input: String,
        #[arg(choices = inputs)] other: String,
        #[arg(max = "most")] output: u32,
        #[arg(max = "most")] name: String,
        #[arg(flatten, choices = "inputs")] rest: String,
    ) {
    }
}

fn main() {}
