//! What a method says to Rust callers is not said to the executor.

#![deny(warnings)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Door {
    #[emitter]
    #[deprecated]
    open: bool,
}

#[actions]
impl Door {
    #[action]
    #[deprecated(note = "use `shut`")]
    fn close(&mut self) -> bool {
        true
    }

    #[action]
    #[must_use]
    fn shut(&mut self) -> bool {
        true
    }

    #[action]
    #[must_use = "look at it"]
    async fn look(&self) -> bool {
        true
    }

    #[emitter]
    #[deprecated]
    fn ajar(&self) -> bool {
        false
    }
}

fn main() {
    assert_eq!(Door::descriptor().unwrap().actions.len(), 3);
}
