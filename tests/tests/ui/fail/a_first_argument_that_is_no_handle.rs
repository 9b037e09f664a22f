#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Lamp;

#[derive(Target)]
struct Other;

#[actions]
impl Lamp {
    #[action]
    fn of_another(this: Handle<Other>) {}

    #[action]
    fn of_none(count: u32, more: u32) {}

    #[action]
    fn by_reference(this: &mut Self) {}

    #[action]
    fn by_name(this: &Lamp, count: u32) {}
}

fn main() {}
