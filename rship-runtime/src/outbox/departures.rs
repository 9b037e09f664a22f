//! Departures: what a server must still be told of targets that are gone, and how long an id must stay
//! away before it may be set again.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rship_core::entity::{
    Action, ActionStatus, Emitter, EmitterStatus, Target, TargetLayout, TargetTopology,
};
use rship_core::id;

use super::ordered::Ordered;
use super::weight::weight;
use crate::world;

/// A 2026 server gathers events for 100 ms and applies all SETs of a window before all its DELs (seen on a
/// running one). So nothing that was deleted is set again before this has passed since the server is
/// known to have read the deletion.
const WINDOW: Duration = Duration::from_millis(200);

/// About what a target, and each of its members, takes beside schemas and values, in bytes.
const AROUND_A_TARGET: usize = 512;

/// Deletions on their way whose ids are remembered when there is no room for more of them.
const HELD: usize = 10_000;

/// About what an id takes beside its text, in bytes.
const AROUND_AN_ID: usize = 48;

/// What the ids of removed targets may come to, in bytes.
const GONE: usize = 1 << 20;

/// The instance and the id of a target.
pub(crate) type TargetKey = (Arc<str>, Arc<str>);

/// What is known of a target beside its description (2026).
#[derive(Debug, Clone)]
pub(crate) enum Detail {
    Action(ActionStatus),
    Emitter(EmitterStatus),
    Layout(TargetLayout),
    Topology(TargetTopology),
}

/// How a target departed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Departure {
    /// It left its field: offline, but still known to the server, because shows refer to it.
    Left,
    /// It was removed.
    Removed,
    /// It was removed and is back, with fewer members.
    Diminished,
}

/// What is left of a target that is gone: enough to tell the server.
#[derive(Debug, Clone)]
pub(crate) struct Departed {
    pub(crate) key: TargetKey,
    pub(crate) departure: Departure,
    pub(crate) target: Target,
    pub(crate) actions: Vec<Action>,
    pub(crate) emitters: Vec<Emitter>,
    pub(crate) details: Vec<Detail>,
    /// The last value of each emitter that had one.
    pub(crate) pulses: Vec<(String, Vec<u8>)>,
    /// Whether another instance has the target still.
    pub(crate) shared: bool,
}

impl Departed {
    /// About how much memory it takes, in bytes.
    fn size(&self) -> usize {
        let actions = self.actions.iter().map(|action| weight(&action.schema));
        let emitters = self.emitters.iter().map(|emitter| weight(&emitter.schema));
        let schemas: usize = actions.chain(emitters).sum();
        let members = self.actions.len() + self.emitters.len() + self.pulses.len();
        let values: usize = self.pulses.iter().map(|(_, value)| value.len()).sum();
        AROUND_A_TARGET * (1 + members + self.details.len()) + schemas + values
    }

    /// What remains to be deleted when the target is back with these members.
    fn without(mut self, stays: &dyn Fn(&str) -> bool) -> Option<Self> {
        self.departure = Departure::Diminished;
        self.actions.retain(|action| !stays(&action.id));
        self.emitters.retain(|emitter| !stays(&emitter.id));
        self.pulses.retain(|(emitter, _)| !stays(emitter));
        self.details.clear();
        let something = !self.actions.is_empty() || !self.emitters.is_empty();
        something.then_some(self)
    }
}

/// How long an id has to stay away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hold {
    /// Until the server is known to have read its deletion.
    Unread,
    Until(Instant),
    /// Until it has its saved values back.
    Restoring,
}

#[derive(Default)]
pub(super) struct Departures {
    waiting: Ordered<TargetKey, Box<Departed>>,
    /// What waits, and what was written and not confirmed, in bytes.
    bytes: usize,
    /// What was written, with the number of the ping after it, whose pong confirms it.
    written: VecDeque<Written>,
    /// How often each id is among those, so that most ids need no search.
    unread: HashMap<TargetKey, u32>,
    /// How many of them, from the front, have nothing left to say again.
    stripped: usize,
    /// Ids whose deletion the server has read, and when that became known.
    read: VecDeque<(TargetKey, Instant)>,
    /// What is gone, in case a server keeps it all the same.
    pub(super) gone: Gone,
}

/// The ids of what was removed, bounded in bytes: what a server should no longer have.
#[derive(Default)]
pub(super) struct Gone {
    ids: VecDeque<(TargetKey, Vec<(&'static str, String)>)>,
    /// The targets among those, once each: a set would be one more kind of map in every program.
    known: HashMap<TargetKey, u32>,
    bytes: usize,
}

impl Gone {
    fn remember(&mut self, departed: &Departed) {
        let (instance, target) = &departed.key;
        let mut ids = vec![("TargetStatus", id::target_status(instance, target))];
        let pulses = departed.pulses.iter();
        ids.extend(pulses.flat_map(|(emitter, _)| {
            [emitter.clone(), format!("{emitter}:{instance}")].map(|id| ("Pulse", id))
        }));
        if !departed.shared {
            ids.push(("Target", target.to_string()));
            let actions = departed.actions.iter();
            ids.extend(actions.map(|action| ("Action", action.id.clone())));
            let emitters = departed.emitters.iter();
            ids.extend(emitters.map(|emitter| ("Emitter", emitter.id.clone())));
        }
        self.forget(&departed.key);
        self.bytes += size_of_ids(&ids);
        self.known.insert(departed.key.clone(), 1);
        self.ids.push_back((departed.key.clone(), ids));
        while self.bytes > GONE
            && let Some((key, ids)) = self.ids.pop_front()
        {
            self.known.remove(&key);
            self.bytes -= size_of_ids(&ids);
        }
    }

    fn forget(&mut self, key: &TargetKey) {
        if self.known.remove(key).is_none() {
            return;
        }
        if let Some(at) = self.ids.iter().position(|(gone, _)| gone == key)
            && let Some((_, ids)) = self.ids.remove(at)
        {
            self.bytes -= size_of_ids(&ids);
        }
    }

    pub(super) fn has(&self, key: &(&'static str, String)) -> bool {
        self.ids.iter().any(|(_, ids)| ids.contains(key))
    }

    /// The ids of some targets, from this one on.
    pub(super) fn part(&self, from: usize, targets: usize) -> Vec<(&'static str, String)> {
        let part = self.ids.iter().skip(from).take(targets);
        part.flat_map(|(_, ids)| ids.iter().cloned()).collect()
    }
}

fn size_of_ids(ids: &[(&'static str, String)]) -> usize {
    ids.iter().map(|(_, id)| AROUND_AN_ID + id.len()).sum()
}

struct Written {
    ping: u64,
    key: TargetKey,
    departure: Departure,
    /// What to say again if the session ends before the server has read it; `None` where there was no
    /// room for it.
    departed: Option<Box<Departed>>,
    /// Whether the id is back: then it need not be deleted again.
    returned: bool,
}

impl Written {
    fn size(&self) -> usize {
        self.departed.as_ref().map_or(0, |departed| departed.size())
    }
}

impl Departures {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Keeps what a server must be told; returns how many others were dropped for it.
    pub(super) fn push(&mut self, departed: Departed, limit: usize) -> u64 {
        let key = departed.key.clone();
        self.withdraw(&key);
        if departed.departure == Departure::Removed {
            self.gone.remember(&departed);
        }
        self.bytes += departed.size();
        self.waiting.insert(key, Box::new(departed));
        let mut dropped = 0;
        while self.bytes > limit {
            // What was written already most likely arrives; only its id has to be remembered.
            let Some(oldest) = self.strip().or_else(|| self.next_waiting()) else {
                break;
            };
            self.bytes -= oldest.size();
            dropped += 1;
        }
        dropped
    }

    /// Takes what there is to say again from the oldest that was written and has it.
    fn strip(&mut self) -> Option<Box<Departed>> {
        while let Some(written) = self.written.get_mut(self.stripped) {
            self.stripped += 1;
            if let Some(departed) = written.departed.take() {
                return Some(departed);
            }
        }
        None
    }

    /// Forgets the oldest that was written.
    fn pop_written(&mut self) -> Option<Written> {
        let written = self.written.pop_front()?;
        self.stripped = self.stripped.saturating_sub(1);
        self.bytes -= written.size();
        if let Some(count) = self.unread.get_mut(&written.key) {
            *count -= 1;
            if *count == 0 {
                self.unread.remove(&written.key);
            }
        }
        Some(written)
    }

    fn next_waiting(&mut self) -> Option<Box<Departed>> {
        let (_, departed) = self.waiting.pop()?;
        Some(departed)
    }

    pub(super) fn next(&mut self) -> Option<Box<Departed>> {
        let departed = self.next_waiting()?;
        self.bytes -= departed.size();
        Some(departed)
    }

    /// Keeps what was written until the server is known to have read it.
    pub(super) fn written(&mut self, departed: Box<Departed>, ping: u64) {
        self.bytes += departed.size();
        *self.unread.entry(departed.key.clone()).or_default() += 1;
        self.written.push_back(Written {
            ping,
            key: departed.key.clone(),
            departure: departed.departure,
            departed: Some(departed),
            returned: false,
        });
        while self.written.len() > HELD {
            self.pop_written();
        }
    }

    /// The server has read everything before this ping.
    pub(super) fn confirm(&mut self, ping: u64) {
        let now = world::now();
        while self
            .written
            .front()
            .is_some_and(|written| written.ping <= ping)
            && let Some(written) = self.pop_written()
        {
            if written.departure == Departure::Removed {
                self.read.push_back((written.key, now));
            }
        }
        self.forget_read(now);
    }

    fn forget_read(&mut self, now: Instant) {
        let passed = |(_, at): &mut (TargetKey, Instant)| now.duration_since(*at) >= WINDOW;
        while self.read.pop_front_if(passed).is_some() {}
    }

    /// How long this id has to stay away, if it has to.
    pub(super) fn hold(&mut self, key: &TargetKey) -> Option<Hold> {
        let known = self.unread.contains_key(key);
        if !known && self.read.is_empty() {
            return None;
        }
        let is_it =
            |written: &Written| written.departure == Departure::Removed && written.key == *key;
        if known && self.written.iter().any(is_it) {
            return Some(Hold::Unread);
        }
        self.forget_read(world::now());
        let read = self.read.iter().rfind(|(read, _)| read == key)?;
        Some(Hold::Until(read.1 + WINDOW))
    }

    /// An id is back with these members: what was not written of its departure is withdrawn, but for
    /// the members that it has no more.
    /// Returns whether a server may know it still.
    pub(super) fn returned(&mut self, key: &TargetKey, stays: &dyn Fn(&str) -> bool) -> bool {
        self.gone.forget(key);
        self.mark_written(key, true);
        let Some(departed) = self.withdraw(key) else {
            return false;
        };
        if departed.departure != Departure::Left
            && let Some(rest) = departed.without(stays)
        {
            self.bytes += rest.size();
            self.waiting.insert(key.clone(), Box::new(rest));
        }
        true
    }

    /// An id is gone again before it was announced: what was written of its departure holds.
    pub(super) fn gone_again(&mut self, key: &TargetKey) {
        self.mark_written(key, false);
    }

    fn mark_written(&mut self, key: &TargetKey, returned: bool) {
        if !self.unread.contains_key(key) {
            return;
        }
        for written in &mut self.written {
            if written.key == *key {
                written.returned = returned;
            }
        }
    }

    fn withdraw(&mut self, key: &TargetKey) -> Option<Departed> {
        let departed = self.waiting.remove(key)?;
        self.bytes -= departed.size();
        Some(*departed)
    }

    /// The session has ended. Maybe the server never saw what was not confirmed; to say it twice does no
    /// harm, unless the id is back.
    pub(super) fn end(&mut self) {
        let now = world::now();
        while let Some(written) = self.pop_written() {
            let Written {
                key,
                departed,
                returned,
                ..
            } = written;
            if returned {
                // Maybe the server reads it only now.
                self.read.push_back((key, now));
            } else if let Some(departed) = departed
                && !self.waiting.contains(&key)
            {
                self.bytes += departed.size();
                self.waiting.insert(key, departed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn departed(id: &str) -> Departed {
        let member = |name: &str| rship_core::entity::Action {
            id: format!("{id}:{name}"),
            name: name.to_owned(),
            target_id: id.to_owned(),
            service_id: "s".to_owned(),
            schema: serde_json::Value::Null,
            schema_layout: Vec::new(),
            writes_to: None,
        };
        Departed {
            key: ("i".into(), id.into()),
            departure: Departure::Removed,
            target: Target {
                id: id.to_owned(),
                name: String::new(),
                service_id: "s".to_owned(),
                category: String::new(),
                action_ids: Vec::new(),
                emitter_ids: Vec::new(),
                sub_targets: Vec::new(),
                parent_targets: Vec::new(),
                bg_color: String::new(),
                fg_color: String::new(),
                root_level: true,
                last_updated: String::new(),
            },
            actions: vec![member("a"), member("b")],
            emitters: Vec::new(),
            details: Vec::new(),
            pulses: Vec::new(),
            shared: false,
        }
    }

    fn key(id: &str) -> TargetKey {
        ("i".into(), id.into())
    }

    #[test]
    fn a_deletion_that_was_not_written_is_withdrawn_when_its_id_is_back() {
        let mut departures = Departures::default();
        departures.push(departed("t"), usize::MAX);
        departures.returned(&key("t"), &|_| true);
        assert!(departures.is_empty() && departures.bytes == 0);
        assert_eq!(departures.hold(&key("t")), None);
        departures.push(departed("t"), usize::MAX);
        departures.returned(&key("t"), &|id| id == "t:a");
        let rest = departures.next().unwrap();
        assert_eq!(rest.departure, Departure::Diminished);
        assert_eq!(rest.actions.len(), 1, "the member that it has no more");
    }

    #[test]
    fn an_id_whose_deletion_was_written_stays_away_until_the_window_is_over() {
        let mut departures = Departures::default();
        departures.push(departed("t"), usize::MAX);
        let gone = departures.next().unwrap();
        departures.written(gone, 7);
        departures.returned(&key("t"), &|_| true);
        assert_eq!(departures.hold(&key("t")), Some(Hold::Unread));
        assert_eq!(departures.hold(&key("u")), None);
        departures.confirm(6);
        assert_eq!(departures.hold(&key("t")), Some(Hold::Unread));
        departures.confirm(7);
        assert!(matches!(departures.hold(&key("t")), Some(Hold::Until(_))));
    }

    #[test]
    fn what_was_not_confirmed_is_said_again_to_the_next_server_unless_the_id_is_back() {
        let mut departures = Departures::default();
        for id in ["t", "u"] {
            departures.push(departed(id), usize::MAX);
            let gone = departures.next().unwrap();
            departures.written(gone, 1);
        }
        departures.returned(&key("u"), &|_| true);
        departures.end();
        let again = departures.next().unwrap();
        assert_eq!(again.key, key("t"));
        assert!(departures.next().is_none());
    }

    #[test]
    fn what_waits_is_bounded_in_bytes_and_the_rest_is_counted() {
        let mut departures = Departures::default();
        let limit = 20 * departed("t").size();
        let dropped: u64 = (0..1000)
            .map(|number| departures.push(departed(&format!("t{number}")), limit))
            .sum();
        assert_eq!(dropped, 980);
        assert!(departures.bytes <= limit);
    }
}
