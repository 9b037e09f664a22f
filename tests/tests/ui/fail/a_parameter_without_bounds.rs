#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Holder<T> {
    #[emitter]
    value: T,
}

#[actions]
impl<T> Holder<T> {
    #[action]
    fn clear(&mut self) {}
}

#[derive(Target)]
struct Bounded<T, U>
where
    T: Send + 'static,
{
    values: (T, U),
}

fn main() {
    let _ = Holder::<u8>::descriptor();
}
