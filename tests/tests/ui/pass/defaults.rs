//! A default is a value of the argument's type, written once.

#![deny(warnings)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Lamp;

const LIMIT: u64 = u32::MAX as u64 + 1;

#[actions]
impl Lamp {
    #[action]
    fn set(
        &self,
        #[arg(default = 3_000_000_000)] large: u64,
        #[arg(default = -3_000_000_000)] low: i64,
        #[arg(default = Some(3_000_000_000))] optional: Option<u64>,
        #[arg(default = 0.7)] fraction: f32,
        #[arg(default = 'a')] letter: char,
        #[arg(default = "text")] path: std::path::PathBuf,
        #[arg(default = LIMIT + 1)] computed: u64,
        #[arg(default)] empty: Vec<u8>,
    ) -> String {
        format!("{large} {low} {optional:?} {fraction} {letter} {path:?} {computed} {empty:?}")
    }
}

fn main() {
    let lamp = Lamp::descriptor().unwrap();
    let shown = |argument: &str| &lamp.action("set").unwrap().schema["properties"][argument]["default"];
    assert!(shown("large") == 3_000_000_000_u64 && shown("low") == -3_000_000_000_i64);
    assert!(shown("optional") == 3_000_000_000_u64 && shown("fraction") == 0.7);
    assert!(shown("letter") == "a" && shown("path") == "text");
    assert!(shown("computed").is_null() && shown("empty").is_null());
    let text = Lamp.set(1, 2, None, 0.5, 'b', "c".into(), LIMIT, vec![]);
    assert_eq!(text, "1 2 None 0.5 b \"c\" 4294967296 []");
}
