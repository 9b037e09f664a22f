#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Crane {
    #[emitter]
    lift_progress: u8,
}

#[actions]
impl Crane {
    #[action(progress)]
    async fn holds(&mut self) {}

    #[action(progress, cancel)]
    fn short(&mut self) {}

    #[action(progress)]
    fn returns_at_once(this: Handle<Self>) {}

    #[action(answer = "accepted")]
    async fn holds_too(&mut self) {}

    #[action(answer = "maybe")]
    async fn maybe(this: Handle<Self>) {}

    #[action(answer)]
    async fn nothing(this: Handle<Self>) {}

    #[action(cancel)]
    async fn scan(this: Handle<Self>) {}

    #[action]
    fn scan_cancel(&mut self) {}
}

fn main() {}
