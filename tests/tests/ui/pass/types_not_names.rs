//! What something is, its type says: neither the name of the user's type, nor that of an alias of ours.

#![deny(warnings)]
#![allow(dead_code)]

use rship_runtime::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// By-value methods of every type, which an expansion must not meet.
mod blanket {
    pub trait Everything: Sized {
        fn reply(self) -> u8 {
            0
        }
        fn read<R>(self, _: R) -> u8 {
            0
        }
        fn reader(self) -> u8 {
            0
        }
        fn describe(self) -> u8 {
            0
        }
        fn computed(self) -> u8 {
            0
        }
        fn action(self) -> u8 {
            0
        }
        fn text(self) -> u8 {
            0
        }
    }
    impl<T> Everything for T {}
}

mod own {
    use super::blanket::Everything as _;
    use super::*;
    // Explicit names win over those of the prelude.
    use super::types::{Emitter, Handle, String};

    type Pulses = rship_runtime::Emitter<u32>;
    type Me = rship_runtime::Handle<Machine>;
    type Level = f64;

    #[derive(Target, Default)]
    pub struct Machine {
        /// Of the user's own type: a state.
        #[emitter]
        #[action]
        emitter: Emitter<u8>,
        /// By another name: impulses.
        #[emitter]
        pulses: Pulses,
        #[emitter]
        pub renamed: Vec<Emitter<u8>>,
        #[emitter]
        level: Level,
    }

    #[actions]
    impl Machine {
        #[action]
        fn take(
            &mut self,
            handle: Handle<u8>,
            string: String,
            #[arg(default = "text")] text: std::string::String,
            #[arg(default = "own")] other: Text,
        ) -> std::string::String {
            self.emitter = Emitter(handle.0);
            format!("{} {text} {}", string.0, other.0)
        }

        #[action]
        async fn long(this: Me, by: u8) -> u8 {
            let _ = this.lock().await.pulses.pulse(1);
            by
        }

        #[action]
        async fn longer(this: rship_runtime::Handle<Self>) {
            drop(this);
        }

        #[action]
        fn value(&self) -> std::result::Result<u8, std::string::String> {
            Ok(self.level.describe() + 1u8.reader())
        }

        #[emitter]
        fn handle(&self) -> Handle<u8> {
            Handle(1)
        }
    }

    #[derive(Deserialize, Serialize, JsonSchema)]
    #[serde(transparent)]
    struct Text(std::string::String);

    impl From<&str> for Text {
        fn from(text: &str) -> Self {
            Self(text.to_owned())
        }
    }
}

mod types {
    use super::*;

    #[derive(Default, Serialize, Deserialize, JsonSchema)]
    pub struct Emitter<T>(pub T);

    #[derive(Default, Serialize, Deserialize, JsonSchema)]
    pub struct Handle<T>(pub T);

    #[derive(Default, Serialize, Deserialize, JsonSchema)]
    pub struct String(pub u8);
}

/// `#[arg]` belongs to another derive here.
#[derive(clap::Parser, Target)]
#[command(name = "x")]
struct Options {
    #[arg(long, default_value = "1")]
    #[emitter]
    level: u8,
}

fn main() {
    let machine = own::Machine::descriptor().unwrap();
    let kinds: Vec<_> = machine.emitters.iter().map(|emitter| emitter.kind.is_state()).collect();
    assert_eq!(kinds, [true, false, true, true, true]);
    let take = &machine.action("take").unwrap().schema["properties"];
    assert!(take["text"]["default"] == "text" && take["other"]["default"] == "own");
    assert_eq!(machine.actions.len(), 5);
    use clap::Parser as _;
    assert_eq!(Options::parse_from(["x"]).level, 1);
    assert_eq!(Options::descriptor().unwrap().emitters.len(), 1);
}
