//! Reading back: asks the server for what it has of us, a part at a time, and mends what differs. It makes
//! "the server's store equals the executor's state" true, whatever happened in between.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use rship_core::few::Few;
use rship_core::json;
use rship_core::wire::{Change, Generation, Query, Stamp, Writer};
use serde_json::Value;
use tokio::time::Instant;

use super::announce::Announcer;
use super::inbox::{Inbox, Key, Question};
use crate::journal::Topic;
use crate::mistake::Mistake;
use crate::outbox::TargetNumber;
use crate::target::{Reference, Targets};
use crate::world;

/// Targets that are asked for at a time.
const TARGETS: usize = 32;

/// Between two questions, so that a large tree is read back without anybody noticing.
const PAUSE: Duration = Duration::from_millis(50);

/// After a registration, or a difference: a server may gather what it is told before it applies it.
const SETTLED: Duration = Duration::from_millis(500);

/// How long an answer may take; some servers answer no such question at all.
const PATIENCE: Duration = Duration::from_secs(10);

/// How far reading back has come.
pub(super) struct ReadBack {
    /// How often all is read back; `None` when it is off.
    period: Option<Duration>,
    due: Option<Instant>,
    /// All targets up to this one were read back in this round.
    cursor: TargetNumber,
    /// How many of those that are gone were read back in this round; `None` before all others were.
    gone: Option<usize>,
    /// Targets that differed once: to be asked for again before anything is mended.
    suspects: VecDeque<TargetNumber>,
    asked: Option<Asked>,
}

/// Questions that wait for their answers.
struct Asked {
    questions: Vec<Question>,
    since: Instant,
    expected: Vec<Expected>,
    /// What should not be there.
    gone: Vec<Key>,
    /// Whether the targets differed before.
    again: bool,
}

/// An entity as the server should have it.
struct Expected {
    target: TargetNumber,
    key: Key,
    item: Value,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Entity,
    /// The value of an emitter, by its position, in this version.
    Pulse(usize, u64),
}

impl ReadBack {
    pub(super) fn new(period: Option<Duration>) -> Self {
        Self {
            period,
            due: None,
            cursor: TargetNumber::default(),
            gone: None,
            suspects: VecDeque::new(),
            asked: None,
        }
    }

    pub(super) fn is_on(&self) -> bool {
        self.period.is_some()
    }

    /// Everything was announced.
    pub(super) fn begin(&mut self) {
        if self.is_on() {
            self.due = Some(Instant::now() + SETTLED);
            self.cursor = TargetNumber::default();
            self.gone = None;
        }
    }

    /// When there is something to ask, or to give up.
    pub(super) fn due(&self) -> Option<Instant> {
        match &self.asked {
            Some(asked) => Some(asked.since + PATIENCE),
            None => self.due,
        }
    }

    /// Asks for the next part, or looks at the answers and mends what differs.
    pub(super) fn step(&mut self, announcer: &mut Announcer<'_>, inbox: &Inbox) {
        if let Some(asked) = self.asked.take() {
            match inbox.answers(&asked.questions) {
                Some(found) => {
                    for question in &asked.questions {
                        announcer
                            .frames
                            .frame(Query::cancel(&question.tx).as_bytes());
                    }
                    self.due = Some(Instant::now() + PAUSE);
                    self.compare(announcer, &asked, &found);
                }
                None if asked.since.elapsed() < PATIENCE => {
                    self.asked = Some(asked);
                    return;
                }
                // A server that does not answer is not asked again before the next round.
                None => {
                    inbox.forget(&asked.questions);
                    for question in &asked.questions {
                        announcer
                            .frames
                            .frame(Query::cancel(&question.tx).as_bytes());
                    }
                    self.rest();
                }
            }
        }
        let due = self.due.is_some_and(|due| due <= Instant::now());
        if due && announcer.parts.outbox.is_registered() {
            self.ask(announcer, inbox);
        }
    }

    /// A round is over.
    fn rest(&mut self) {
        self.cursor = TargetNumber::default();
        self.gone = None;
        self.suspects.clear();
        self.due = self.period.map(|period| Instant::now() + period);
    }

    fn ask(&mut self, announcer: &mut Announcer<'_>, inbox: &Inbox) {
        let again = !self.suspects.is_empty();
        let targets = &*announcer.targets;
        let mut part: Vec<Arc<Reference>> = Vec::new();
        while part.len() < TARGETS {
            let next = if again {
                let Some(suspect) = self.suspects.pop_front() else {
                    break;
                };
                targets.get(suspect).cloned()
            } else {
                let Some(next) = targets.after(self.cursor) else {
                    break;
                };
                self.cursor = next.number;
                Some(Arc::clone(next))
            };
            part.extend(next.filter(|target| targets.is_announced(target)));
        }
        let expected: Vec<_> = part
            .iter()
            .flat_map(|target| expect(targets, announcer.writer, target))
            .collect();
        let mut gone = Vec::new();
        if part.is_empty() && !again {
            let from = self.gone.unwrap_or(0);
            gone = announcer.parts.outbox.gone(from, TARGETS);
            if gone.is_empty() {
                return self.rest();
            }
            self.gone = Some(from + TARGETS);
        }
        let mut ids: Few<&'static str, Vec<&str>> = Few::default();
        let keys = expected.iter().map(|expected| &expected.key).chain(&gone);
        for (item_type, id) in keys {
            ids.entry(*item_type, Vec::new).push(id);
        }
        if expected.is_empty() && gone.is_empty() {
            return;
        }
        let mut questions = Vec::new();
        for (item_type, ids) in ids.iter() {
            let (tx, frame) = inbox.ask(&Query::by_ids(item_type, ids.iter().copied()));
            announcer.frames.frame(frame.as_bytes());
            questions.push(Question { tx, item_type });
        }
        self.asked = Some(Asked {
            questions,
            since: Instant::now(),
            expected,
            gone,
            again,
        });
    }

    fn compare(&mut self, announcer: &mut Announcer<'_>, asked: &Asked, found: &Few<Key, Value>) {
        let mut healed = 0;
        let mut first = None;
        for expected in &asked.expected {
            let (item_type, id) = &expected.key;
            let there = found.get(&expected.key);
            if there.is_some_and(|there| is_as(&expected.item, there)) {
                continue;
            }
            let Some(target) = announcer.targets.get(expected.target).cloned() else {
                continue;
            };
            if let Kind::Pulse(index, version) = expected.kind
                && target.sources[index].settled().map(|(now, _)| now) != Some(version)
            {
                // A newer value is on its way.
                continue;
            }
            if world::makes(Mistake::HealsNothing) {
                continue;
            }
            if !asked.again {
                if self.suspects.back() != Some(&expected.target) {
                    self.suspects.push_back(expected.target);
                }
                continue;
            }
            healed += 1;
            first.get_or_insert_with(|| format!("{item_type} `{id}`"));
            match expected.kind {
                Kind::Pulse(index, _) => {
                    announcer.parts.outbox.resend(target.slots[index]);
                }
                Kind::Entity => {
                    let item = json::text(&expected.item);
                    announcer.written(Change::Set, &expected.key, item.as_bytes());
                }
            }
        }
        for key in &asked.gone {
            // Its target may be back meanwhile.
            let outbox = &announcer.parts.outbox;
            let Some(there) = found.get(key).filter(|_| outbox.is_gone(key)) else {
                continue;
            };
            healed += 1;
            first.get_or_insert_with(|| format!("{} `{}`, which is deleted", key.0, key.1));
            announcer.written(Change::Delete, key, json::text(there).as_bytes());
        }
        if !self.suspects.is_empty() {
            self.due = Some(Instant::now() + SETTLED);
        }
        if let Some(first) = first {
            announcer.parts.counters.healed.add(healed);
            announcer.parts.journal.warn(Topic::Healed, || {
                format!(
                    "the server had lost, changed or kept {healed} entities of this executor, which is mended: \
                     {first}, ..."
                )
            });
        }
    }
}

/// The entities of a target as the server should have them.
fn expect(targets: &Targets, writer: &Writer, target: &Arc<Reference>) -> Vec<Expected> {
    let mut all = Vec::new();
    let mut add = |item_type: &'static str, kind: Kind, item: Option<Value>| {
        let Some(item) = item else { return };
        let id = item["id"].as_str().unwrap_or_default().to_owned();
        all.push(Expected {
            target: target.number,
            key: (item_type, id),
            item,
            kind,
        });
    };
    let entity = |write: &dyn Fn(Stamp<'_>, &mut BytesMut)| item_of(write);
    let target_entity = targets.target(target);
    let written = entity(&|stamp, out| writer.event(Change::Set, &target_entity, stamp, out));
    add("Target", Kind::Entity, written);
    let status = targets.status(target);
    let written = entity(&|stamp, out| writer.event(Change::Set, &status, stamp, out));
    add("TargetStatus", Kind::Entity, written);
    for action in targets.actions(target) {
        let written = entity(&|stamp, out| writer.action(Change::Set, &action, stamp, out));
        add("Action", Kind::Entity, written);
    }
    for emitter in targets.emitters(target) {
        let written = entity(&|stamp, out| writer.emitter(Change::Set, &emitter, stamp, out));
        add("Emitter", Kind::Entity, written);
    }
    for (index, source) in target.sources.iter().enumerate() {
        let settled = source.settled();
        if let Some((version, json)) = settled
            && let Ok(data) = json::read(&json)
        {
            let id = if writer.generation() == Generation::V2026 {
                format!("{}:{}", source.emitter, source.instance)
            } else {
                source.emitter.to_string()
            };
            let emitter = Value::from(&*source.emitter);
            let item = json::object(vec![
                ("id", id.into()),
                ("emitterId", emitter),
                ("data", data),
            ]);
            add("Pulse", Kind::Pulse(index, version), Some(item));
        }
    }
    all
}

/// The item of an event, as it was written.
fn item_of(write: &dyn Fn(Stamp<'_>, &mut BytesMut)) -> Option<Value> {
    let mut out = BytesMut::new();
    let stamp = Stamp {
        created_at: "",
        tx: "",
    };
    write(stamp, &mut out);
    let mut event = json::read(&out).ok()?;
    Some(event["item"].take())
}

/// Whether the server has what it was told: each field of ours, whatever it added.
pub(super) fn is_as(expected: &Value, found: &Value) -> bool {
    let (Some(expected), Some(found)) = (expected.as_object(), found.as_object()) else {
        return false;
    };
    expected.iter().all(|(name, value)| {
        // Servers stamp these, or compute them in their own way.
        matches!(&**name, "hash" | "clientId")
            || match found.get(name) {
                Some(found) => is_equal(value, found),
                None => value.is_null(),
            }
    })
}

fn is_equal(expected: &Value, found: &Value) -> bool {
    match (expected, found) {
        (Value::Number(expected), Value::Number(found)) => {
            expected == found || expected.as_f64() == found.as_f64()
        }
        // Servers strip these.
        (Value::String(expected), Value::String(found)) => {
            expected == found || expected.replace('\0', "") == *found
        }
        (Value::Array(expected), Value::Array(found)) => {
            expected.len() == found.len()
                && expected
                    .iter()
                    .zip(found)
                    .all(|(expected, found)| is_equal(expected, found))
        }
        (Value::Object(expected), Value::Object(found)) => {
            let value = |name| found.get(name).unwrap_or(&Value::Null);
            found.len() <= expected.len()
                && expected
                    .iter()
                    .all(|(name, expected)| is_equal(expected, value(name)))
        }
        (expected, found) => expected == found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_server_adds_or_writes_in_its_own_way_is_no_difference() {
        let ours = json!({"id": "t", "n": 1.0, "parent": null, "hash": "a", "list": [1, "x\0"]});
        let theirs = json!({"id": "t", "n": 1, "hash": "b", "list": [1.0, "x"], "more": true});
        assert!(is_as(&ours, &theirs));
        assert!(!is_as(&ours, &json!({"id": "t", "n": 2, "list": [1, "x"]})));
        assert!(!is_as(
            &json!({"data": {"a": 1}}),
            &json!({"data": {"a": 1, "b": 2}})
        ));
    }
}
