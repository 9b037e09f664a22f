#![allow(unused)]

use rship_runtime::prelude::*;

/// A value, and not a target.
#[derive(Target)]
enum Stand {
    Open,
    Closed { since: u32 },
    Both(Till, Till),
    Other(Other),
}

#[derive(Target)]
struct Till;

struct Other;

#[derive(Target)]
#[target(name = "Any till")]
enum Tills {
    #[target(id = "till")]
    Till(Till),
}

#[actions]
impl Tills {
    #[action]
    fn sell(&mut self) {}
}

#[derive(Target)]
enum Nothing {}

fn main() {}
