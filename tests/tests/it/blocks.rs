//! Actions of several blocks and of generic targets, called by a server.

use rship_runtime::prelude::*;
use rship_tests::{Running, Server, executor};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// A player: its transport is a trait's, its output is in a module of its own.
#[derive(Target, Default)]
#[target(actions("transport", "output"))]
struct Deck {
    #[emitter]
    playing: bool,
    #[emitter]
    level: f64,
    #[target]
    marker: Marker<u32>,
}

#[actions]
impl Deck {
    #[action]
    fn play(&mut self) -> &'static str {
        "the deck's own"
    }
}

trait Transport {
    fn play(&mut self, from: u32) -> u32;
    fn stop(&mut self) -> impl Future<Output = bool> + Send;
}

#[actions(block = "transport")]
impl Transport for Deck {
    #[action(id = "play-from")]
    fn play(&mut self, #[arg(min = 1)] from: u32) -> u32 {
        self.playing = true;
        from
    }

    #[action]
    async fn stop(&mut self) -> bool {
        std::mem::take(&mut self.playing)
    }
}

mod output {
    use rship_runtime::prelude::*;

    #[actions(block = "output")]
    impl super::Deck {
        #[action]
        async fn fade(this: Handle<Self>, to: f64) -> f64 {
            std::mem::replace(&mut this.lock().await.level, to)
        }

        #[emitter]
        fn silent(&self) -> bool {
            self.level == 0.0
        }
    }
}

/// Something that is remembered.
#[derive(Target, Default)]
#[target(actions)]
struct Marker<V: Send + 'static> {
    value: V,
}

#[actions]
impl<V: Serialize + DeserializeOwned + JsonSchema + Send + 'static> Marker<V> {
    #[action]
    fn set(&mut self, value: V) -> V {
        std::mem::replace(&mut self.value, value)
    }
}

#[tokio::test]
async fn actions_of_every_block_and_of_a_generic_sub_target_are_called() {
    let server = Server::bind().await;
    let executor = executor(&server.url());
    let deck = executor.add("deck", Deck::default()).unwrap();
    let running = Running::start(&executor);
    let mut peer = server.accept_2026().await;
    assert_eq!(peer.pulse("deck:silent").await, true);
    for (action, payload, answer) in [
        ("deck:play", Value::Null, json!("the deck's own")),
        ("deck:play-from", json!({"from": 3}), json!(3)),
        ("deck:stop", Value::Null, json!(true)),
        ("deck:fade", json!({"to": 0.5}), json!(0.0)),
        ("deck.marker:set", json!({"value": 7}), json!(0)),
        ("deck.marker:set", json!({"value": 8}), json!(7)),
    ] {
        assert_eq!(
            peer.call(action, action, payload).await,
            Ok(answer),
            "{action}"
        );
    }
    assert!(
        peer.call("t", "deck:play-from", json!({"from": 0}))
            .await
            .is_err()
    );
    assert_eq!(deck.lock().await.level, 0.5);
    running.stop().await;
}
