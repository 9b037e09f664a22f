//! Names of the user's meet none of the expansion's.

#![deny(warnings)]
#![allow(dead_code)]

use rship_runtime::prelude::*;

struct Box;
struct Result;
struct Some;
struct None;
struct ModelBuilder;
struct Probe;
struct Arg;

type Option = std::option::Option<f64>;

trait Describe {
    fn describe(&self) {}
    fn sell(self, _: u8, _: u8)
    where
        Self: Sized,
    {
    }
}
impl<T> Describe for T {}

const __RSHIP: () = ();

#[derive(Target, Default)]
struct Stand {
    #[emitter]
    #[action]
    model: Option,
    #[emitter]
    __rship_model: u8,
    #[emitter]
    describe: u8,
    #[emitter]
    set_model: u8,
}

#[actions]
impl Stand {
    #[action]
    fn sell(&mut self, mut args: u8, __rship_args: u8) -> u8 {
        args += __rship_args;
        args
    }

    #[action]
    async fn names(
        &mut self,
        __rship_target: u8,
        __rship_value_0: u8,
        target: u8,
        this: u8,
        _unused: u8,
    ) {
        let _ = (__rship_target, __rship_value_0, target, this);
    }

    #[action]
    fn reply(&self) {}

    #[emitter]
    fn new(&self) -> u8 {
        0
    }
}

fn main() {
    let stand = Stand::descriptor().unwrap();
    assert_eq!(stand.actions.len(), 4);
    let properties = &stand.action("names").unwrap().schema["properties"];
    assert!(properties.get("unused").is_some());
    assert_eq!(Stand::sell(&mut Stand::default(), 1, 2), 3);
}
