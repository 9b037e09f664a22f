//! Several `#[actions]` blocks of one type, in several modules, inherent and of traits, generic or not.

#![deny(warnings)]

use rship_runtime::prelude::*;

#[derive(Target, Default)]
#[target(actions("output", "transport", "a name with {braces}"))]
pub struct Deck {
    #[emitter]
    #[action]
    level: f64,
    playing: bool,
}

#[actions]
impl Deck {
    #[action]
    fn eject(&mut self) {}
}

mod output {
    use rship_runtime::prelude::*;

    #[actions(block = "output")]
    impl super::Deck {
        #[action]
        fn mute(&mut self) {
            self.level = 0.0;
        }

        #[emitter]
        fn loud(&self) -> bool {
            self.level > 0.5
        }
    }
}

mod transport {
    pub trait Transport {
        const SPEED: f64;

        fn play(&mut self, from: f64) -> bool;
        fn stop(&mut self);
        fn seek(&mut self, to: f64) -> impl Future<Output = f64> + Send;
        fn playing(&self) -> bool;
    }
}

use transport::Transport;

#[actions(block = "transport")]
impl Transport for Deck {
    const SPEED: f64 = 1.0;

    /// Plays.
    #[action]
    fn play(&mut self, #[arg(min = 0)] from: f64) -> bool {
        self.playing = from >= 0.0;
        self.playing
    }

    #[action]
    fn stop(&mut self) {
        self.playing = false;
    }

    #[action]
    async fn seek(&mut self, to: f64) -> f64 {
        to * Self::SPEED
    }

    #[emitter]
    fn playing(&self) -> bool {
        self.playing
    }
}

impl Deck {
    /// Not the trait's.
    pub fn stop(&self) -> u8 {
        1
    }
}

#[actions(block = "a name with {braces}")]
impl Deck {
    #[action]
    fn last(this: Handle<Self>) {
        drop(this);
    }
}

#[derive(Target)]
#[target(actions("more"))]
struct Buffer<V: Send + 'static, const N: usize> {
    values: [V; N],
}

#[actions]
impl<V: Send + Clone + 'static, const N: usize> Buffer<V, { N }> {
    #[action]
    fn fill(&mut self) {
        let first = self.values.first().cloned();
        if let Some(first) = first {
            self.values.fill(first);
        }
    }
}

trait Clear {
    fn clear(&mut self);
}

#[actions(block = "more")]
impl<V: Send + Default + 'static, const N: usize> Clear for Buffer<V, N> {
    #[action]
    fn clear(&mut self) {
        self.values.fill_with(V::default);
    }
}

/// All of its actions are a trait's.
#[derive(Target)]
struct Still;

#[actions]
impl Clear for Still {
    #[action]
    fn clear(&mut self) {}
}

fn ids<T: Target>() -> Vec<String> {
    let descriptor = T::descriptor().unwrap();
    descriptor.actions.iter().map(|action| action.id.clone()).collect()
}

fn main() {
    assert_eq!(ids::<Deck>(), ["set-level", "eject", "mute", "play", "stop", "seek", "last"]);
    let deck = Deck::descriptor().unwrap();
    assert!(deck.emitter("loud").is_some() && deck.emitter("playing").is_some());
    assert_eq!(deck.action("play").unwrap().doc.as_deref(), Some("Plays."));
    assert_eq!(ids::<Buffer<u8, 3>>(), ["fill", "clear"]);
    assert_eq!(ids::<Still>(), ["clear"]);
    assert_eq!(ids::<another::Deck>(), ["open"]);
    assert_eq!(ids::<alike::Door>(), ["act", "close"]);
    alike::Open::act(&mut alike::Door);
    alike::close::Open::act(&mut alike::Door);
    let mut deck = Deck::default();
    assert!(deck.play(1.0));
    assert_eq!(deck.stop(), 1);
    deck.eject();
    let mut buffer = Buffer { values: [1, 2] };
    buffer.fill();
    buffer.clear();
    assert_eq!(buffer.values, [0, 0]);
    Still.clear();
}

mod another {
    use rship_runtime::prelude::*;

    /// Another type of that name, whose blocks have no name either.
    #[derive(Target)]
    pub struct Deck;

    #[actions]
    impl Deck {
        #[action]
        fn open(&mut self) {
            let _ = self;
        }
    }
}

mod alike {
    use rship_runtime::prelude::*;

    pub trait Open {
        fn act(&mut self);
    }

    /// Its blocks are written alike, and each is one.
    #[derive(Target)]
    #[target(actions("close"))]
    pub struct Door;

    #[actions]
    impl Open for Door {
        #[action]
        fn act(&mut self) {}
    }

    pub mod close {
        use rship_runtime::prelude::*;

        pub trait Open {
            fn act(&mut self);
        }

        #[actions(block = "close")]
        impl Open for super::Door {
            #[action(id = "close")]
            fn act(&mut self) {}
        }
    }
}
