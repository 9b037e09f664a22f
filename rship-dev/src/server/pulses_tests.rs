//! A core that takes pulses in great number is afterwards as one that takes each frame apart.

use std::time::Duration;

use proptest::prelude::*;
use rship_core::wire::Generation::{self, V2024, V2026};
use serde_json::{Value, json};

use super::super::client::{Queue, Queued};
use super::*;
use crate::explained::Verdict;
use crate::reading::{frames, plain};
use crate::server::Limits;
use crate::store::Entities;

/// A core with one client that sends, and one that watches.
struct Core {
    state: State,
    watcher: Queue,
    told: Vec<String>,
}

impl Core {
    fn new(generation: Generation, watched: bool) -> Self {
        let limits = Limits {
            store: 1_500,
            ..Limits::default()
        };
        let mut state = State::new(generation, Duration::ZERO, Entities::default(), limits);
        state.open();
        let watcher = state.open();
        for (no, client) in &mut state.clients {
            client.id = format!("client {no}");
        }
        let mut core = Self {
            state,
            watcher: watcher.queue,
            told: Vec::new(),
        };
        if watched {
            let query = json!({"event": "ws:m:query", "data": {
                "queryId": "GetAllPulses", "queryItemType": "Pulse", "query": {"tx": "q"},
            }});
            core.take_apart(2, query);
        }
        core
    }

    fn take_apart(&mut self, from: ClientNo, frame: Value) {
        let read = frames::read(self.state.generation, frame);
        self.state.receive(from, read, Duration::from_secs(10));
        self.settle();
    }

    fn take(&mut self, text: &str) {
        match plain::read(self.state.generation, text, self.state.limits.entity) {
            Some(pulses) => self.state.pulses(1, &pulses),
            None => return self.take_apart(1, serde_json::from_str(text).unwrap()),
        }
        self.settle();
    }

    fn settle(&mut self) {
        self.state.settle();
        while let Some(queued) = self.watcher.try_recv() {
            let Queued::Message(message) = queued else {
                panic!("not a message: {queued:?}");
            };
            self.told.push(message.to_text().unwrap().to_owned());
        }
    }

    /// All that can be seen of it.
    fn seen(&self) -> impl PartialEq + std::fmt::Debug {
        let pulses = self.state.store.of_type("Pulse");
        let stored: Vec<_> = pulses
            .map(|(id, entry)| {
                (
                    id.to_string(),
                    entry.item.value(),
                    entry.owner,
                    entry.hash().into_owned(),
                )
            })
            .collect();
        let dropped = self.state.explanations.with(Verdict::Dropped);
        let mut told = self.told.clone();
        // The greeting has ids of its own.
        told.retain(|text| !text.contains("SetClientId"));
        (stored, dropped, told)
    }
}

fn data() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("1".to_owned()),
        Just("1.0".to_owned()),
        Just("1e0".to_owned()),
        Just(r#"{"b":1,"a":2,"a":3}"#.to_owned()),
        Just(r#"{"a": 3, "b": 1}"#.to_owned()),
        Just(r#""\u0000x""#.to_owned()),
        // Of which a store of this size takes one or two.
        proptest::sample::select(vec![400, 800])
            .prop_map(|length: usize| format!("\"{}\"", "x".repeat(length))),
    ]
}

fn frame() -> impl Strategy<Value = String> {
    let ids = proptest::sample::select(vec!["a", "b", "c"]);
    let hashes = proptest::sample::select(vec![r#","hash":"1""#, r#","hash":"2""#, ""]);
    let changes = prop_oneof![9 => Just("SET"), 1 => Just("DEL")];
    let clients = proptest::sample::select(vec!["", r#","clientId":"other""#]);
    (ids, data(), hashes, changes, clients).prop_map(|(id, data, hash, change, client)| {
        format!(
            r#"{{"event":"ws:m:event","data":{{"itemType":"Pulse","changeType":"{change}","item":{{"id":"{id}","emitterId":"{id}","data":{data}{client}{hash}}}}}}}"#
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn it_makes_no_difference_how_they_are_taken(
        frames in proptest::collection::vec(frame(), 1..30),
        watched: bool,
    ) {
        for generation in [V2024, V2026] {
            let (mut quick, mut slow) = (Core::new(generation, watched), Core::new(generation, watched));
            for text in &frames {
                quick.take(text);
                slow.take_apart(1, serde_json::from_str(text).unwrap());
                prop_assert_eq!(quick.seen(), slow.seen(), "{} after {}", generation, text);
            }
        }
    }
}

#[test]
fn a_value_takes_the_memory_of_the_one_before_it() {
    let mut core = Core::new(V2026, false);
    let pulse = |data: &str| {
        format!(
            r#"{{"event":"ws:m:event","data":{{"itemType":"Pulse","changeType":"SET","item":{{"id":"a","emitterId":"a","data":{data}}}}}}}"#
        )
    };
    let at = |core: &Core| {
        core.state
            .store
            .get("Pulse", "a")
            .unwrap()
            .item
            .text()
            .as_ptr()
    };
    core.take(&pulse("1"));
    core.take(&pulse("2"));
    let before = at(&core);
    core.take(&pulse("3"));
    assert_eq!(at(&core), before);
    let item = core.state.store.get("Pulse", "a").unwrap().item.value();
    assert_eq!(item["data"], 3);
}
