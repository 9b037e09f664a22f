//! What counts as a change, and what is said about it.

use rship_runtime::prelude::*;
use rship_tests::{Peer, Register, Running, Sale, Server, Stand, executor};
use serde_json::{Value, json};
use tokio::net::TcpStream;

async fn online(executor: &Executor, server: &Server, last: &str) -> (Running, Peer<TcpStream>) {
    let running = Running::start(executor);
    let mut peer = server.accept_2026().await;
    peer.pulse(last).await;
    (running, peer)
}

/// The emitters of all pulses up to the one of `last`.
async fn pulses_until(peer: &mut Peer<TcpStream>, last: &str) -> Vec<(String, Value)> {
    let changes = peer
        .changes_until(|change| change["item"]["emitterId"] == last)
        .await;
    let pulses = changes.into_iter().map(|mut change| {
        assert_eq!(change["itemType"], "Pulse");
        let emitter = change["item"]["emitterId"].as_str().unwrap().to_owned();
        (emitter, change["item"]["data"].take())
    });
    pulses.collect()
}

#[tokio::test]
async fn a_guard_pulses_only_what_changed_and_what_is_computed_from_it() {
    let server = Server::bind().await;
    let executor = executor(&server.url());
    let stand = executor.add("stand", Stand::full()).unwrap();
    let (_running, mut peer) = online(&executor, &server, "stand.sign:text").await;
    {
        let mut guard = stand.lock().await;
        guard.cash = 10.0;
        guard.stock = 100;
    }
    stand.lock().await.stock = 99;
    stand.lock().await.register.open = true;
    stand.lock().await.sign.as_mut().unwrap().text.push('!');
    let pulses = pulses_until(&mut peer, "stand.sign:text").await;
    let expected = [
        ("stand:stock", json!(99)),
        ("stand:worth", json!(1000.0)),
        ("stand.register:open", json!(true)),
        ("stand.sign:text", json!("open!")),
    ];
    assert_eq!(
        pulses,
        expected.map(|(emitter, value)| (emitter.to_owned(), value))
    );
}

#[tokio::test]
async fn an_action_pulses_what_it_changed_before_its_answer() {
    let server = Server::bind().await;
    let executor = executor(&server.url());
    let _stand = executor.add("stand", Stand::full()).unwrap();
    let (_running, mut peer) = online(&executor, &server, "stand.sign:text").await;
    peer.exec("t", "stand:sell", json!({"count": 3, "tip": 5}))
        .await;
    let mut pulsed = Vec::new();
    loop {
        let frame = peer.frame().await;
        match frame["event"].as_str().unwrap() {
            "ws:m:command-response" => break,
            "ws:m:event" => pulsed.push(frame["data"]["item"]["emitterId"].clone()),
            _ => {
                let events = frame["data"].as_array().unwrap().iter();
                pulsed.extend(events.map(|event| event["item"]["emitterId"].clone()));
            }
        }
    }
    pulsed.sort_by_key(Value::to_string);
    assert_eq!(
        pulsed,
        ["stand:cash", "stand:sold", "stand:stock", "stand:worth"]
    );
}

#[tokio::test]
async fn each_impulse_is_a_pulse_with_a_hash_of_its_own_and_a_state_has_that_of_its_content() {
    let server = Server::bind().await;
    let executor = executor(&server.url());
    let stand = executor.add("stand", Stand::full()).unwrap();
    let sold = stand.lock().await.sold.clone();
    let (_running, mut peer) = online(&executor, &server, "stand.sign:text").await;
    let mut hashes = std::collections::HashSet::new();
    for _ in 0..3 {
        sold.pulse(Sale { count: 1 });
    }
    for _ in 0..3 {
        let change = peer.change().await;
        assert_eq!(change["item"]["data"], json!({"count": 1}));
        assert!(hashes.insert(change["item"]["hash"].to_string()));
    }
    let mut states = std::collections::HashSet::new();
    for stock in [5, 6, 5] {
        stand.lock().await.stock = stock;
        let changes = peer
            .changes_until(|change| change["item"]["emitterId"] == "stand:worth")
            .await;
        states.insert(changes[0]["item"]["hash"].to_string());
    }
    assert_eq!(states.len(), 2);
}

#[tokio::test]
async fn publishing_says_what_became_of_the_values() {
    let server = Server::bind().await;
    let executor = executor(&server.url());
    let before = Emitter::default();
    assert_eq!(before.pulse(Sale { count: 7 }), Published::Queued);
    let stand = executor
        .add(
            "stand",
            Stand {
                sold: before.clone(),
                ..Stand::full()
            },
        )
        .unwrap();
    let mut guard = stand.lock().await;
    guard.stock -= 1;
    // Nobody is connected: stock and worth wait for a server.
    let changes = guard.publish();
    assert_eq!((changes.sent, changes.kept), (0, 2));
    assert_eq!(before.pulse(Sale { count: 1 }), Published::Queued);

    let (_running, mut peer) = online(&executor, &server, "stand:sold").await;
    // The answer comes after all that waited, so nothing waits any more.
    peer.call("t", "stand:burn", json!(null)).await.unwrap();
    let mut guard = stand.lock().await;
    guard.register.open = true;
    let changes = guard.publish();
    assert_eq!((changes.sent, changes.kept), (1, 0));
    let changes = stand.lock().await.publish();
    assert_eq!((changes.sent, changes.kept), (0, 0));
    assert_eq!(peer.pulse("stand.register:open").await, true);
    assert_eq!(before.pulse(Sale { count: 2 }), Published::Sent);

    stand.remove().unwrap();
    assert_eq!(before.pulse(Sale { count: 1 }), Published::Detached);
    stand.lock().await.stock = 7;
    let changes = stand.lock().await.publish();
    assert_eq!((changes.sent, changes.kept), (0, 0));
}

#[tokio::test]
async fn an_emitter_that_was_replaced_with_its_whole_struct_pulses_on() {
    let server = Server::bind().await;
    let executor = executor(&server.url());
    let stand = executor.add("stand", Stand::full()).unwrap();
    let (_running, mut peer) = online(&executor, &server, "stand.sign:text").await;
    *stand.lock().await = Stand {
        stock: 1,
        ..Stand::full()
    };
    assert_eq!(peer.pulse("stand:stock").await, 1);
    let outcome = stand.lock().await.sold.pulse(Sale { count: 9 });
    assert_ne!(outcome, Published::Detached);
    assert_eq!(peer.pulse("stand:sold").await, json!({"count": 9}));
}

/// Has a parent whose computed value looks at its child.
#[derive(Target, Default)]
struct House {
    #[target]
    door: Register,
}

#[actions]
impl House {
    #[emitter]
    fn is_open(&self) -> bool {
        self.door.open
    }
}

#[tokio::test]
async fn an_action_of_a_sub_target_has_what_its_parents_compute_looked_at_again() {
    let server = Server::bind().await;
    let executor = executor(&server.url());
    let _house = executor.add("house", House::default()).unwrap();
    let (_running, mut peer) = online(&executor, &server, "house:is-open").await;
    peer.call("t", "house.door:set-open", json!(true))
        .await
        .unwrap();
    peer.call("u", "house.door:set-open", json!(false))
        .await
        .unwrap();
    let server = Server::bind().await;
    let executor = rship_tests::executor(&server.url());
    let _house = executor.add("house", House::default()).unwrap();
    let (_running, mut peer) = online(&executor, &server, "house:is-open").await;
    peer.exec("t", "house.door:set-open", json!(true)).await;
    let pulses = pulses_until(&mut peer, "house:is-open").await;
    assert_eq!(pulses.last().unwrap().1, true);
}

/// Cannot always be written.
#[derive(Default)]
enum Mood {
    #[default]
    Fine,
    Unwritable,
    Panics,
}

impl serde::Serialize for Mood {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Fine => serializer.serialize_str("fine"),
            Self::Unwritable => Err(serde::ser::Error::custom("in no mood")),
            Self::Panics => panic!("in no mood at all"),
        }
    }
}

impl schemars::JsonSchema for Mood {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Mood".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string"})
    }
}

#[derive(Target, Default)]
struct Cat {
    name: String,
    #[emitter]
    mood: Mood,
    #[emitter]
    lives: u32,
}

#[derive(Target, Default)]
struct Cats {
    #[target(key = "name")]
    cats: Vec<Cat>,
    #[emitter]
    bowls: u32,
}

#[tokio::test]
async fn a_value_that_cannot_be_written_is_no_pulse_and_keeps_no_other_from_being_one() {
    for mood in [Mood::Unwritable, Mood::Panics] {
        let server = Server::bind().await;
        let executor = executor(&server.url());
        let cats = ["tom", "kit"].map(|name| Cat {
            name: name.to_owned(),
            ..Cat::default()
        });
        let cats = Cats {
            cats: cats.into(),
            ..Cats::default()
        };
        let cats = executor.add("cats", cats).unwrap();
        let (_running, mut peer) = online(&executor, &server, "cats.cats.kit:lives").await;
        peer.call("t", "cats:nothing", json!(null))
            .await
            .unwrap_err();
        {
            let mut guard = cats.lock().await;
            guard.cats[0].mood = mood;
            guard.cats[0].lives = 9;
            guard.cats[1].lives = 9;
            guard.bowls = 2;
        }
        let pulses = pulses_until(&mut peer, "cats:bowls").await;
        let emitters: Vec<_> = pulses.iter().map(|(emitter, _)| emitter.as_str()).collect();
        assert_eq!(
            emitters,
            ["cats.cats.tom:lives", "cats.cats.kit:lives", "cats:bowls"]
        );
        // All members are still known as they were.
        cats.lock().await.cats[0].mood = Mood::Fine;
        cats.lock().await.cats[0].lives = 8;
        let pulses = pulses_until(&mut peer, "cats.cats.tom:lives").await;
        assert_eq!(pulses, [("cats.cats.tom:lives".to_owned(), json!(8))]);
    }
}
