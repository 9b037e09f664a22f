//! Expanded code names everything by its whole path.

#![no_implicit_prelude]

use ::rship_runtime::prelude::*;

#[derive(Target)]
#[target(name = "Lamp", key = "level")]
struct Lamp {
    #[emitter]
    #[action(min = 0, max = 1)]
    level: f64,
    #[emitter]
    switched: Emitter<bool>,
    #[target(key = "level")]
    others: ::std::vec::Vec<Lamp>,
}

#[actions]
impl Lamp {
    #[action]
    fn switch(&mut self, on: bool) -> ::std::result::Result<bool, ::std::string::String> {
        self.switched.pulse(on);
        ::std::result::Result::Ok(on)
    }

    #[action(writes = "level", restart)]
    async fn fade(_this: Handle<Self>, #[arg(default)] to: ::std::option::Option<f64>) {
        let _ = to;
    }

    #[action]
    async fn dim(&mut self, #[arg(default = "slow")] how: ::std::string::String) {
        ::std::mem::drop(how);
    }

    #[emitter(every = "1s")]
    fn on(&self) -> bool {
        self.level > 0.0
    }
}

fn main() {
    ::std::assert_eq!(Lamp::descriptor().unwrap().actions.len(), 4);
}
