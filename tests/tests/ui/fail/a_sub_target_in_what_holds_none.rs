#![allow(unused)]

use rship_runtime::prelude::*;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

#[derive(Target)]
struct Till;

#[derive(Target)]
struct Stand {
    #[target]
    two: [Till; 2],
    #[target]
    set: BTreeSet<Till>,
    #[target]
    locked: Mutex<Till>,
    #[target]
    shared: Arc<Till>,
    #[target]
    by_what: HashMap<(u32, u32), Till>,
    #[target(key = "name")]
    by_name: HashMap<String, Till>,
}

fn main() {}
