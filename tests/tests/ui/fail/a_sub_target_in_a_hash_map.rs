#![allow(unused)]

use rship_runtime::prelude::*;

use std::collections::HashMap;

#[derive(Target)]
struct Till;

#[derive(Target)]
struct Stand {
    #[target]
    tills: HashMap<String, Till>,
    #[target]
    two: [Till; 2],
}

fn main() {}
