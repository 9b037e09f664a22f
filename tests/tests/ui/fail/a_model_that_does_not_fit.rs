#![allow(unused)]

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use rship_runtime::model::{Model, ModelBuilder, ModelError};
use rship_runtime::prelude::*;

type Loop = Range<f64>;

fn describe() -> Result<Arc<Model<Loop>>, ModelError> {
    ModelBuilder::new("Loop").build()
}

fn unfinished() -> ModelBuilder<Loop> {
    ModelBuilder::new("Loop")
}

#[derive(Target)]
struct Player {
    #[target(model = "not a path")]
    first: Loop,
    #[target(model)]
    second: Loop,
    #[target(model = "unfinished")]
    third: Vec<Loop>,
    #[target(model = "self::describe")]
    fourth: Vec<Loop>,
    #[target(model = "describe")]
    fifth: Vec<Range<u32>>,
    #[target(model = "describe")]
    sixth: Range<u32>,
    #[target(model = "describe", key = "number")]
    seventh: Vec<Loop>,
    #[target(model = "describe", key = "start")]
    eighth: Box<Loop>,
    #[target(model = "describe", key = "start")]
    ninth: Option<Loop>,
    #[target(model = "describe")]
    tenth: VecDeque<Loop>,
}

fn main() {}
