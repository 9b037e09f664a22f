//! What others hold, in every form, with all that could be said of expanded code denied.

#![deny(warnings, missing_docs, clippy::all, clippy::pedantic)]
#![allow(dead_code)]

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU32};
use std::sync::{Arc, Mutex, RwLock};

use rship_runtime::prelude::*;

#[derive(Target)]
struct Lamp<V: serde::Serialize + schemars::JsonSchema + Send + 'static> {
    #[emitter(every = "1s")]
    value: V,
}

#[derive(Target)]
enum Any<V: serde::Serialize + schemars::JsonSchema + Send + 'static> {
    Lamp(Lamp<V>),
    Boxed(Box<Lamp<V>>),
    Shared(Arc<Mutex<Lamp<V>>>),
}

type Level = Arc<Mutex<f64>>;

#[derive(Target)]
struct Rig {
    #[emitter(every = "20ms")]
    #[action(min = 0.0, max = "most")]
    level: Level,
    #[emitter]
    #[action(min = 0, max = 1)]
    gain: Arc<RwLock<f32>>,
    #[emitter]
    #[action(choices = "names")]
    name: Arc<Mutex<Option<String>>>,
    #[emitter]
    #[action(max = 10)]
    count: Arc<AtomicU32>,
    #[emitter]
    #[action]
    on: AtomicBool,
    #[target]
    any: Vec<Any<u32>>,
    #[target]
    one: Option<Box<Any<bool>>>,
    #[target]
    map: HashMap<u16, Any<bool>>,
    #[target]
    sorted: BTreeMap<char, Arc<RwLock<Lamp<u8>>>>,
}

#[actions]
impl Rig {
    fn most(&self) -> f64 {
        1.0
    }

    fn names(&self) -> impl Iterator<Item = &str> + use<'_> {
        ["a", "b"].into_iter()
    }

    /// Chooses.
    #[action]
    fn choose(&mut self, #[arg(choices = "names")] names: Vec<String>, #[arg(min = "most")] x: f64) {
        drop((names, x));
    }
}

fn main() {
    let rig = Rig::descriptor().unwrap();
    assert_eq!(rig.actions.len(), 6);
    assert_eq!(rig.emitters.len(), 5);
    assert_eq!(rig.sub_targets.len(), 4);
    assert_eq!(<Box<Lamp<u32>>>::descriptor().unwrap().name, "Lamp");
    assert_eq!(Any::<u32>::descriptor().unwrap().name, "Any");
}
