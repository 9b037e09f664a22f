//! What came over the wire, by session, and what is wrong with its order.

use std::collections::{BTreeMap, BTreeSet};

use rship_dev::{Dropped, Recorded};
use serde_json::Value;

/// Where the counts of one rack begin, and how far they go.
pub(crate) const RACK: u64 = 1_000_000;

/// All sessions, and the trace of the whole sequence.
#[derive(Default)]
pub(crate) struct History {
    pub(crate) trace: Vec<String>,
    sessions: BTreeMap<(u64, u64), Session>,
    /// Answers by their tx.
    answers: BTreeMap<String, u32>,
    /// The impulses that arrived: emitters, and numbers that each of them counts.
    pub(crate) beats: BTreeSet<(String, u64)>,
    /// How many are missing between two that came in one session.
    pub(crate) missing: u64,
    pub(crate) wrong: Vec<String>,
    /// Answers that came before the count that their command made, by that count.
    pub(crate) overtaking: Vec<u64>,
}

#[derive(Default)]
struct Session {
    set: BTreeSet<(String, String)>,
    states: BTreeMap<String, u64>,
    beats: BTreeMap<String, u64>,
}

impl Session {
    /// Whether a count was shown, or a later one of the same rack: each begins with a million of its own.
    fn has(&self, count: u64) -> bool {
        let counts = self.states.iter();
        let mut counts = counts.filter(|(emitter, _)| emitter.ends_with(":count"));
        counts.any(|(_, shown)| shown / RACK == count / RACK && *shown >= count)
    }
}

impl History {
    /// A frame that came to a core.
    pub(crate) fn frame(&mut self, time: u128, core: u64, frame: &Recorded) {
        let Ok(document) = serde_json::from_str::<Value>(&frame.text) else {
            self.wrong
                .push(format!("a frame is no JSON: {}", frame.text));
            return;
        };
        let session = (core, frame.client);
        let name = document["event"].as_str().unwrap_or_default();
        let data = &document["data"];
        match name {
            "ws:m:event" => self.event(time, session, data),
            "ws:m:event-batch" => {
                for event in data.as_array().into_iter().flatten() {
                    self.event(time, session, event);
                }
            }
            "ws:m:command-response" | "ws:m:command-error" => {
                let tx = data["tx"].as_str().unwrap_or_default();
                self.line(time, session, || {
                    format!("{name} {}", short(&data["response"]))
                });
                let made = data["response"].as_u64();
                let shown = self.sessions.get(&session);
                if let Some(made) = made.filter(|made| !shown.is_some_and(|shown| shown.has(*made)))
                {
                    self.overtaking.push(made);
                }
                let times = self.answers.entry(tx.to_owned()).or_default();
                *times += 1;
                // Texts that no server says may come again.
                if *times > 1 && !tx.starts_with("garbage") {
                    self.wrong
                        .push(format!("a command is answered {times} times: {data}"));
                }
            }
            "ws:m:query" => {
                let of = data["queryItemType"].as_str().unwrap_or_default();
                self.line(time, session, || format!("{name} {of}"));
            }
            name => self.line(time, session, || name.to_owned()),
        }
    }

    /// What the server dropped, or would have done otherwise than it was meant.
    pub(crate) fn drops(&mut self, drops: &[Dropped]) {
        // What the server said itself is no fault of the executor's.
        let ours = |drop: &&Dropped| {
            // Nor is a connection that the network held up.
            drop.item_type != "connection" && !drop.id.starts_with("garbage")
        };
        let other = drops.iter().find(ours);
        if let Some(drop) = other.filter(|_| self.wrong.is_empty()) {
            self.wrong
                .push(format!("the server drops something: {drop}"));
        }
    }

    fn line(&mut self, time: u128, (core, client): (u64, u64), what: impl FnOnce() -> String) {
        self.trace
            .push(format!("{time:>8} {core}.{client} {}", what()));
    }

    fn event(&mut self, time: u128, number: (u64, u64), event: &Value) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (of, change) = (text(&event["itemType"]), text(&event["changeType"]));
        let item = &event["item"];
        let id = text(&item["id"]);
        let shown = match of.as_str() {
            "Pulse" => short(&item["data"]),
            "TargetStatus" | "Instance" => text(&item["status"]),
            "Target" => text(&item["name"]),
            _ => String::new(),
        };
        self.line(time, number, || format!("{change} {of} {id} {shown}"));
        if change != "SET" {
            return;
        }
        let session = self.sessions.entry(number).or_default();
        let needs = |of: &str, needed: &Value, wrong: &mut Vec<String>| {
            let key = (of.to_owned(), text(needed));
            if !session.set.contains(&key) {
                wrong.push(format!(
                    "{number:?}: {id} is told before its {of} {}",
                    key.1
                ));
            }
        };
        match of.as_str() {
            "Target" => {
                for parent in item["parentTargets"].as_array().into_iter().flatten() {
                    needs("Target", parent, &mut self.wrong);
                }
            }
            "Action" | "Emitter" => needs("Target", &item["targetId"], &mut self.wrong),
            "Pulse" => needs("Emitter", &item["emitterId"], &mut self.wrong),
            _ => {}
        }
        session.set.insert((of.clone(), id));
        if of != "Pulse" {
            return;
        }
        let emitter = text(&item["emitterId"]);
        if let Some(beat) = item["data"]["number"].as_u64() {
            let last = session.beats.insert(emitter.clone(), beat);
            let key = (emitter.clone(), beat);
            self.missing += last.map_or(0, |last| beat.saturating_sub(last + 1));
            if last.is_some_and(|last| last >= beat) || !self.beats.insert(key) {
                self.wrong.push(format!(
                    "{number:?}: impulse {beat} of {emitter} comes twice, or behind {last:?}"
                ));
            }
        } else if let Some(value) = item["data"].as_u64() {
            let last = session.states.insert(emitter.clone(), value);
            if let Some(last) = last.filter(|last| *last > value) {
                self.wrong.push(format!(
                    "{number:?}: {emitter} goes back from {last} to {value}"
                ));
            }
        }
    }
}

fn short(value: &Value) -> String {
    let text = match value {
        // Its padding says nothing.
        Value::Object(beat) if beat.contains_key("number") => return beat["number"].to_string(),
        value => value.to_string(),
    };
    text.chars().take(60).collect()
}
