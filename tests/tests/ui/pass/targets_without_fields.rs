//! A target may have nothing to watch, only actions, or nothing at all.

#![deny(warnings)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Button;

#[actions]
impl Button {
    #[action]
    fn press(&self) {}
}

#[derive(Target)]
struct Group {}

fn main() {
    assert_eq!(Button::descriptor().unwrap().actions.len(), 1);
    assert_eq!(Group::descriptor().unwrap().name, "Group");
    Button.press();
    let _ = Group {};
}
