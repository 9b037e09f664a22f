//! Order: an answer goes out after the states that its command changed, whatever waits for the wire.

use std::collections::BTreeMap;

use rship_runtime::prelude::*;
use rship_tests::{Peer, Running, builder, pipes, within};
use serde_json::{Value, json};
use tokio::io::DuplexStream;

#[derive(Target, Default)]
struct Dimmer {
    #[emitter]
    level: u32,
    #[emitter]
    flood: Emitter<String>,
}

#[actions]
impl Dimmer {
    #[action]
    fn dim(&mut self, level: u32) -> u32 {
        self.level = level;
        level
    }

    #[action]
    async fn dim_later(&mut self, level: u32) -> u32 {
        tokio::task::yield_now().await;
        self.level = level;
        level
    }

    #[action]
    async fn dim_beside(this: Handle<Self>, level: u32) -> u32 {
        this.lock().await.level = level;
        level
    }

    #[action(blocking)]
    fn dim_on_a_thread(&mut self, level: u32) -> u32 {
        self.level = level;
        level
    }
}

const DIMMERS: usize = 40;

struct Setup {
    peer: Peer<DuplexStream>,
    handles: Vec<Handle<Dimmer>>,
    _running: Running,
}

/// Many dimmers behind a thin pipe, and as many impulses waiting as may.
async fn setup() -> Setup {
    let (connector, mut pipes) = pipes(4 << 10);
    let builder = builder("ws://pipe/myko").connect(connector);
    let executor = builder.build().unwrap();
    let handles: Vec<_> = (0..DIMMERS)
        .map(|number| {
            let id = format!("dimmer-{number}");
            executor.add(&id, Dimmer::default()).unwrap()
        })
        .collect();
    let running = Running::start(&executor);
    let mut peer = pipes.open().await;
    let last = format!("dimmer-{}:level", DIMMERS - 1);
    peer.pulse(&last).await;
    let setup = Setup {
        peer,
        handles,
        _running: running,
    };
    setup.backlog().await;
    setup
}

impl Setup {
    async fn backlog(&self) {
        for handle in &self.handles {
            let flood = handle.lock().await.flood.clone();
            for _ in 0..20 {
                flood.pulse("flood".repeat(200));
            }
        }
    }

    /// Reads until all these answers are there, each after the level that it says.
    async fn answers_follow_their_states(&mut self, mut expected: BTreeMap<String, (String, u32)>) {
        let mut levels = BTreeMap::new();
        within("all answers", async {
            while !expected.is_empty() {
                let frame = self.peer.frame().await;
                let data = &frame["data"];
                match frame["event"].as_str() {
                    Some("ws:m:event") => note(&mut levels, data),
                    Some("ws:m:event-batch") => {
                        for change in data.as_array().unwrap() {
                            note(&mut levels, change);
                        }
                    }
                    Some("ws:m:command-response") => {
                        let tx = data["tx"].as_str().unwrap();
                        let (emitter, level) = expected.remove(tx).unwrap();
                        let known = levels.get(&emitter);
                        assert_eq!(known, Some(&level), "the answer {tx} came before {emitter}");
                    }
                    _ => {}
                }
            }
        })
        .await;
    }
}

fn note(levels: &mut BTreeMap<String, u32>, change: &Value) {
    let emitter = change["item"]["emitterId"].as_str().unwrap_or_default();
    if change["itemType"] == "Pulse" && emitter.ends_with(":level") {
        let level = change["item"]["data"].as_u64().unwrap();
        levels.insert(emitter.to_owned(), u32::try_from(level).unwrap());
    }
}

#[tokio::test]
async fn an_answer_never_overtakes_the_state_that_its_command_changed() {
    let mut setup = setup().await;
    for (round, action) in ["dim", "dim-later", "dim-beside", "dim-on-a-thread"]
        .into_iter()
        .enumerate()
    {
        let mut expected = BTreeMap::new();
        for number in 0..DIMMERS {
            let level = u32::try_from(round * 100 + number + 1).unwrap();
            let (tx, target) = (format!("{action}-{number}"), format!("dimmer-{number}"));
            let data = json!({"level": level});
            setup
                .peer
                .exec(&tx, &format!("{target}:{action}"), data)
                .await;
            expected.insert(tx, (format!("{target}:level"), level));
        }
        setup.backlog().await;
        setup.answers_follow_their_states(expected).await;
    }
}

#[tokio::test]
async fn the_answers_of_a_batch_never_overtake_the_states_that_its_members_changed() {
    let mut setup = setup().await;
    let mut expected = BTreeMap::new();
    let members: Vec<Value> = (0..DIMMERS)
        .map(|number| {
            let level = u32::try_from(number + 1).unwrap();
            let (tx, target) = (format!("m-{number}"), format!("dimmer-{number}"));
            expected.insert(tx.clone(), (format!("{target}:level"), level));
            let action = json!({"id": format!("{target}:dim"), "targetId": target});
            json!({"tx": tx, "action": action, "data": {"level": level}})
        })
        .collect();
    let last = format!("dimmer-{}:level", DIMMERS - 1);
    expected.insert("batch".to_owned(), (last, u32::try_from(DIMMERS).unwrap()));
    let batch = json!({"tx": "batch", "actions": members});
    setup.peer.command("BatchTargetAction", batch).await;
    setup.backlog().await;
    setup.answers_follow_their_states(expected).await;
}
