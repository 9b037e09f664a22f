#![allow(unused)]

use std::marker::PhantomData;
use std::time::Instant;

use rship_runtime::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

struct NoTarget;

#[derive(Target)]
struct Lamp {
    #[emitter]
    started: Instant,
    #[target(key = "id")]
    members: Vec<NoTarget>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct NotSend {
    value: u8,
    #[serde(skip)]
    #[schemars(skip)]
    here: PhantomData<*const u8>,
}

#[actions]
impl Lamp {
    #[action]
    fn here_only(&self, value: NotSend) {}

    #[action]
    fn borrowed(&self, names: &[&str]) {}

    #[action]
    fn a_text(&self, #[arg(default = "slow")] count: u32) {}
}

fn main() {}
