//! A recording as a play: what the executor says on each connection, and what the server says when.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rship_core::wire::Generation;
use serde_json::Value;

use super::fact::{Fact, Key, Names, instances, said, same, without_farewell};
use super::file::{Content, Event, Recording, What};
use super::line::{Direction, Ended};
use super::stage::ReplayError;
use crate::pattern::any_matches;

/// How fast a recording is played.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Speed {
    /// So many times as fast as it was.
    Times(f64),
    /// As fast as the other side keeps up.
    Max,
}

impl Speed {
    /// How long something takes that took so many milliseconds.
    pub(crate) fn scaled(self, ms: f64) -> Duration {
        match self {
            Self::Max => Duration::ZERO,
            Self::Times(times) => {
                Duration::try_from_secs_f64(ms / 1_000.0 / times).unwrap_or(Duration::MAX)
            }
        }
    }
}

/// How a recording is to be played.
#[derive(Debug, Clone)]
pub(crate) struct Play {
    pub(crate) speed: Speed,
    pub(crate) patience: Duration,
    pub(crate) ignored: Vec<String>,
    pub(crate) instance: Option<String>,
}

impl Default for Play {
    fn default() -> Self {
        Self {
            speed: Speed::Max,
            patience: Duration::from_secs(5),
            ignored: Vec::new(),
            instance: None,
        }
    }
}

impl Play {
    /// Whether what an executor says is left out of what is compared.
    pub(crate) fn ignores(&self, fact: &Fact, labels: &BTreeMap<String, String>) -> bool {
        let id = match &fact.key {
            Key::Pulse(_) => fact.emitter.as_ref(),
            Key::Answer(tx) => labels.get(tx),
            Key::Entity(..) | Key::Command(_) => None,
        };
        id.is_some_and(|id| any_matches(&self.ignored, id))
    }
}

/// All of it.
#[derive(Debug)]
pub(crate) struct Script {
    pub(crate) generation: Generation,
    pub(crate) parts: Vec<Part>,
    /// The actions of commands, by transaction.
    pub(crate) labels: BTreeMap<String, String>,
    /// Service and id of the instances, in the order in which they came.
    pub(crate) instances: Vec<(String, String)>,
}

/// One connection.
#[derive(Debug, Default)]
pub(crate) struct Part {
    /// Its number in the recording.
    pub(crate) connection: u64,
    /// What the executor says, without its farewell.
    pub(crate) facts: Vec<Fact>,
    /// How many with the same key come before each.
    pub(crate) ordinals: Vec<usize>,
    /// Milliseconds since the connection opened until the last of them.
    pub(crate) lasts: f64,
    /// What it asks the server, with the transaction.
    pub(crate) asks: Vec<(String, String)>,
    pub(crate) steps: Vec<Step>,
}

/// A frame of the server's.
#[derive(Debug)]
pub(crate) struct Step {
    /// Milliseconds since the connection opened.
    pub(crate) at: f64,
    /// How many facts come before it.
    pub(crate) needs: usize,
    /// The transaction of what it answers, if it is an answer.
    pub(crate) answers: Option<String>,
    pub(crate) content: Content,
}

impl Script {
    pub(crate) fn new(recording: &Recording) -> Result<Self, ReplayError> {
        let mut connections: Vec<(u64, Vec<&Event>)> = Vec::new();
        for event in &recording.events {
            let known = connections
                .iter_mut()
                .rev()
                .find(|(no, _)| *no == event.connection);
            match known {
                Some((_, events)) => events.push(event),
                None => connections.push((event.connection, vec![event])),
            }
        }
        let mut script = Self {
            generation: recording.generation(),
            parts: Vec::new(),
            labels: BTreeMap::new(),
            instances: Vec::new(),
        };
        let mut executors = BTreeSet::new();
        for (_, events) in connections {
            let announced = announced(recording, &events);
            let Some((_, first)) = announced.first() else {
                // An executor that did not get far, or somebody who only looked.
                continue;
            };
            match &recording.play.instance {
                Some(wanted) if !announced.iter().any(|(_, id)| id == wanted) => continue,
                Some(_) => {}
                None => drop(executors.insert(first.clone())),
            }
            let part = script.part(recording, &events);
            script.parts.push(part);
            for instance in announced {
                if !script.instances.contains(&instance) {
                    script.instances.push(instance);
                }
            }
        }
        if executors.len() > 1 {
            let ids = executors.into_iter().collect();
            return Err(ReplayError::SeveralExecutors { ids });
        }
        if script.parts.is_empty() {
            return Err(ReplayError::NoExecutor {
                instance: recording.play.instance.clone(),
            });
        }
        Ok(script)
    }

    fn part(&mut self, recording: &Recording, events: &[&Event]) -> Part {
        let mut part = Part {
            connection: events.first().map_or(0, |event| event.connection),
            ..Part::default()
        };
        let opened = events.first().map_or(0.0, |event| event.at);
        let mut last_of: BTreeMap<Key, (usize, Value)> = BTreeMap::new();
        let mut times = Vec::new();
        let mut by_executor = false;
        for event in events {
            let at = event.at - opened;
            let Some(content) = recording.content(event) else {
                by_executor |= matches!(event.what, What::Close(Ended::Executor));
                continue;
            };
            match (&event.what, content) {
                (What::Frame(Direction::Up, ..), Content::Document(frame)) => {
                    let said = said(frame, &Names::default());
                    part.asks.extend(said.asks);
                    for fact in said.facts {
                        if recording.play.ignores(&fact, &self.labels)
                            || is_repeated(&fact, &last_of)
                        {
                            continue;
                        }
                        let ordinal = last_of.get(&fact.key).map_or(0, |(count, _)| *count);
                        last_of.insert(fact.key.clone(), (ordinal + 1, fact.value.clone()));
                        part.ordinals.push(ordinal);
                        part.facts.push(fact);
                        times.push(at);
                    }
                }
                (What::Frame(Direction::Down, ..), content) => {
                    if let Content::Document(frame) = &content {
                        // The echo of a ping; those that come now are echoed as they come.
                        if frame["event"] == "ws:m:ping" && frame["data"]["ts"].is_null() {
                            continue;
                        }
                        self.labels.extend(label(frame));
                    }
                    part.steps.push(Step {
                        at,
                        needs: part.facts.len(),
                        answers: part.answered(&content),
                        content,
                    });
                }
                _ => {}
            }
        }
        if by_executor {
            without_farewell(&mut part.facts);
            part.ordinals.truncate(part.facts.len());
            for step in &mut part.steps {
                step.needs = step.needs.min(part.facts.len());
            }
        }
        part.lasts = match part.facts.len() {
            0 => 0.0,
            facts => times[facts - 1],
        };
        part
    }
}

/// An entity that is said again as it was is not news.
pub(crate) fn is_repeated(fact: &Fact, last_of: &BTreeMap<Key, (usize, Value)>) -> bool {
    matches!(fact.key, Key::Entity(..))
        && last_of
            .get(&fact.key)
            .is_some_and(|(_, last)| same(last, &fact.value))
}

impl Part {
    /// The transaction of the executor's question that a frame answers.
    fn answered(&self, content: &Content) -> Option<String> {
        let Content::Document(frame) = content else {
            return None;
        };
        match frame["event"].as_str()? {
            "ws:m:query-response" | "ws:m:command-response" | "ws:m:command-error" => {}
            _ => return None,
        }
        let tx = frame["data"]["tx"].as_str().or(frame["tx"].as_str())?;
        let asked = self.asks.iter().any(|(_, asked)| asked == tx);
        asked.then(|| tx.to_owned())
    }
}

/// The transaction of a command, and what people call it.
pub(crate) fn label(frame: &Value) -> Option<(String, String)> {
    if frame["event"] != "ws:m:command" {
        return None;
    }
    let data = &frame["data"];
    let command = &data["command"];
    let id = [
        &command["action"]["id"],
        &command["actions"][0]["action"]["id"],
        &command["groups"][0]["actionId"],
        &command["emitterId"],
        &data["commandId"],
    ]
    .into_iter()
    .find_map(Value::as_str)?;
    Some((command["tx"].as_str()?.to_owned(), id.to_owned()))
}

fn announced(recording: &Recording, events: &[&Event]) -> Vec<(String, String)> {
    let mut announced = Vec::new();
    for event in events {
        let What::Frame(Direction::Up, _, span) = &event.what else {
            continue;
        };
        // Most frames are pulses, and are not read for this.
        let text = &recording.text[span.clone()];
        if memchr::memmem::find(text, b"nstance\"").is_none() {
            continue;
        }
        if let Some(Content::Document(frame)) = recording.content(event) {
            for (service, id) in instances(&frame) {
                let instance = (service.to_owned(), id.to_owned());
                if !announced.contains(&instance) {
                    announced.push(instance);
                }
            }
        }
    }
    announced
}
