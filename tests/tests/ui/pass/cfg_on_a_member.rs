//! A member that is configured out is not there, and two under opposite conditions may share an id.

#![deny(warnings)]

use rship_runtime::prelude::*;

#[derive(Target, Default)]
struct Machine {
    #[emitter]
    always: u32,
    #[cfg(any())]
    #[emitter]
    never: NoSuchType,
    #[cfg(all())]
    #[emitter]
    #[cfg_attr(all(), action)]
    sometimes: u32,
}

#[actions]
impl Machine {
    #[cfg(any())]
    #[action]
    fn never(&mut self, with: NoSuchType) {}

    #[cfg(any())]
    #[action(id = "same")]
    fn one(&mut self) {}

    #[cfg(all())]
    #[action(id = "same")]
    fn other(&mut self) {}

    #[cfg_attr(all(), action(id = "conditional"), must_use)]
    fn conditional(&mut self) -> u32 {
        1
    }

    #[cfg_attr(any(), action)]
    fn unmarked(&mut self) {}

    #[action]
    fn arguments(&mut self, #[cfg(any())] gone: NoSuchType, #[cfg(all())] here: u32) -> u32 {
        here
    }

    #[cfg(any())]
    #[emitter]
    fn nothing(&self) -> NoSuchType {}

    #[cfg_attr(any(), cfg(any()))]
    #[emitter]
    fn something(&self) -> u32 {
        1
    }
}

#[derive(Target)]
struct Whole;

#[actions]
#[cfg(any())]
impl Whole {
    #[action]
    fn never(&self, with: NoSuchType) {}
}

fn main() {
    let machine = Machine::descriptor().unwrap();
    let actions: Vec<_> = machine.actions.iter().map(|action| action.id.as_str()).collect();
    assert_eq!(actions, ["set-sometimes", "same", "conditional", "arguments"]);
    let emitters: Vec<_> = machine.emitters.iter().map(|emitter| emitter.id.as_str()).collect();
    assert_eq!(emitters, ["always", "sometimes", "something"]);
    let schema = &machine.action("arguments").unwrap().schema;
    assert_eq!(schema["properties"].as_object().unwrap().len(), 1);
    assert!(Whole::descriptor().unwrap().actions.is_empty());
    let mut machine = Machine::default();
    machine.other();
    machine.unmarked();
    assert_eq!(machine.conditional() + machine.arguments(1), 2);
}
