//! What a page sees of pulses: of each emitter that it shows the newest value, and of those between how many there
//! were, the least and the greatest.
//!
//! A pulse costs a look-up and a few numbers here; values are read from the store when a frame is made.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::keys::{self, Key};
use super::show::Show;
use crate::explained::excerpt;
use crate::item::Item;
use crate::server::state::State;
use crate::speaking;
use crate::store::ClientNo;

/// The longest value that is sent whole, and what is sent of longer ones.
const LONG: usize = 16 << 10;
const HEAD: usize = 2_000;
/// How long pulses are counted for a rate.
const SPAN: Duration = Duration::from_secs(1);

/// The least and the greatest number since the last frame.
#[derive(Debug, Clone, Copy)]
struct Range {
    last: f64,
    least: f64,
    greatest: f64,
}

impl Range {
    fn add(range: &mut Option<Self>, number: Option<f64>) {
        let Some(number) = number else {
            return;
        };
        match range {
            Some(range) => {
                range.last = number;
                range.least = range.least.min(number);
                range.greatest = range.greatest.max(number);
            }
            None => {
                *range = Some(Self {
                    last: number,
                    least: number,
                    greatest: number,
                });
            }
        }
    }
}

/// An emitter that the page shows.
#[derive(Debug)]
struct Watch {
    key: String,
    emitter: String,
    instance: Option<String>,
    /// Something is to be told of it.
    dirty: bool,
    fresh: u64,
    at: Option<u64>,
    range: Option<Range>,
    rate: Rate,
    /// Which plots show a part of it, and what part.
    plots: Vec<(usize, String)>,
}

impl Watch {
    fn new(key: &str, emitter: String, instance: Option<String>, now: Instant) -> Self {
        Self {
            key: key.to_owned(),
            emitter,
            instance,
            dirty: true,
            fresh: 0,
            at: None,
            range: None,
            rate: Rate::new(now),
            plots: Vec::new(),
        }
    }
}

#[derive(Debug)]
struct Rate {
    since: Instant,
    count: u64,
    per_second: f64,
}

impl Rate {
    fn new(now: Instant) -> Self {
        Self {
            since: now,
            count: 0,
            per_second: 0.0,
        }
    }

    /// Whether the rate is another now.
    fn look(&mut self, now: Instant) -> bool {
        let span = now.duration_since(self.since);
        if span < SPAN {
            return false;
        }
        let before = self.per_second;
        let count = std::mem::take(&mut self.count) as f64;
        self.per_second = (count / span.as_secs_f64() * 10.0).round() / 10.0;
        self.since = now;
        self.per_second.to_bits() != before.to_bits()
    }
}

/// Something that pulses, of one connection.
#[derive(Debug)]
struct Source {
    pulse: Arc<str>,
    from: Option<ClientNo>,
    emitter: String,
    /// Pulses since the last frame.
    fresh: u64,
    /// Where it is seen; found when a frame is made, and again when something else is to be seen.
    seen: Option<Seen>,
}

#[derive(Debug)]
struct Seen {
    epoch: u64,
    /// The watches of it, and the rows that flash with it, by index.
    watches: Vec<usize>,
    rows: Vec<usize>,
}

/// What one page wants to see.
#[derive(Debug, Default)]
pub(crate) struct See {
    pub(crate) targets: Vec<String>,
    pub(crate) emitters: Vec<String>,
    pub(crate) plots: Vec<(String, String)>,
}

/// What one page sees.
#[derive(Debug, Default)]
pub(crate) struct Taps {
    /// Whether anything is to be seen.
    on: bool,
    /// Changes with what is to be seen, and with the tree.
    epoch: u64,
    watches: Vec<Watch>,
    by_emitter: HashMap<String, Vec<usize>>,
    rows: Vec<String>,
    row_of: HashMap<String, usize>,
    plots: Vec<Option<Range>>,
    sources: Vec<Source>,
    by_pulse: HashMap<Arc<str>, Vec<usize>>,
    /// The sources that pulsed since the last frame.
    dirty: Vec<usize>,
}

impl Taps {
    /// Replaces what is to be seen; of what was seen before the numbers go on.
    pub(crate) fn see(&mut self, see: See) {
        let before = self.watches.drain(..);
        let mut before: HashMap<_, _> = before.map(|watch| (watch.key.clone(), watch)).collect();
        let mut index_of: HashMap<&str, usize> = HashMap::new();
        let now = Instant::now();
        let keys = see
            .emitters
            .iter()
            .chain(see.plots.iter().map(|(key, _)| key));
        for key in keys {
            if index_of.contains_key(key.as_str()) {
                continue;
            }
            let Some(Key { instance, id, .. }) = keys::read('e', key) else {
                continue;
            };
            index_of.insert(key, self.watches.len());
            let mut watch = before
                .remove(key)
                .unwrap_or_else(|| Watch::new(key, id, instance, now));
            watch.plots.clear();
            self.watches.push(watch);
        }
        for (plot, (key, path)) in see.plots.iter().enumerate() {
            if let Some(index) = index_of.get(key.as_str()) {
                self.watches[*index].plots.push((plot, path.clone()));
            }
        }
        self.by_emitter.clear();
        for (index, watch) in self.watches.iter().enumerate() {
            let of_emitter = self.by_emitter.entry(watch.emitter.clone()).or_default();
            of_emitter.push(index);
        }
        self.plots = vec![None; see.plots.len()];
        self.row_of = see.targets.iter().cloned().zip(0..).collect();
        self.rows = see.targets;
        self.on = !self.watches.is_empty() || !self.rows.is_empty();
        self.epoch += 1;
        if !self.on {
            self.forget();
        }
    }

    fn forget(&mut self) {
        self.sources.clear();
        self.by_pulse.clear();
        self.dirty.clear();
    }

    /// The tree is another: where a pulse is seen is looked for again.
    pub(crate) fn tree_changed(&mut self, has: impl Fn(&str) -> bool) {
        self.epoch += 1;
        if !self.by_pulse.keys().all(|pulse| has(pulse)) {
            self.forget();
        }
    }

    /// Takes note of a pulse.
    pub(crate) fn pulse(&mut self, from: Option<ClientNo>, id: &str, emitter: &str, data: &str) {
        if !self.on {
            return;
        }
        let known = self.by_pulse.get(id).and_then(|of_pulse| {
            let mut of_pulse = of_pulse.iter().copied();
            of_pulse.find(|index| self.sources[*index].from == from)
        });
        let index = known.unwrap_or_else(|| self.add(id, emitter, from));
        let source = &mut self.sources[index];
        if source.fresh == 0 {
            self.dirty.push(index);
        }
        source.fresh += 1;
        let Some(seen) = source.seen.as_ref().filter(|seen| seen.epoch == self.epoch) else {
            return;
        };
        for index in &seen.watches {
            let watch = &mut self.watches[*index];
            watch.at = Some(speaking::millis());
            Range::add(&mut watch.range, number(data));
            for (plot, path) in &watch.plots {
                Range::add(&mut self.plots[*plot], number_at(data, path));
            }
        }
    }

    fn add(&mut self, id: &str, emitter: &str, from: Option<ClientNo>) -> usize {
        let index = self.sources.len();
        let pulse: Arc<str> = id.into();
        self.sources.push(Source {
            pulse: Arc::clone(&pulse),
            from,
            emitter: emitter.to_owned(),
            fresh: 0,
            seen: None,
        });
        self.by_pulse.entry(pulse).or_default().push(index);
        index
    }

    /// The frame that tells what changed since the last; `None` when nothing did.
    pub(crate) fn frame(&mut self, state: &State, show: &Show) -> Option<String> {
        let (now, at) = (Instant::now(), speaking::millis());
        let mut rows = vec![0_u64; self.rows.len()];
        for index in std::mem::take(&mut self.dirty) {
            let source = &mut self.sources[index];
            if source
                .seen
                .as_ref()
                .is_none_or(|seen| seen.epoch != self.epoch)
            {
                let watched = self.by_emitter.get(&source.emitter);
                let watched = watched.map_or(&[][..], Vec::as_slice);
                source.seen = Some(Seen {
                    epoch: self.epoch,
                    ..seen(state, show, source, watched, &self.watches, &self.row_of)
                });
            }
            let fresh = std::mem::take(&mut source.fresh);
            let Some(seen) = &source.seen else {
                continue;
            };
            for index in &seen.watches {
                let watch = &mut self.watches[*index];
                watch.dirty = true;
                watch.fresh += fresh;
                watch.rate.count += fresh;
                watch.at.get_or_insert(at);
            }
            for row in &seen.rows {
                rows[*row] += fresh;
            }
        }
        let mut emitters = Vec::new();
        for watch in &mut self.watches {
            let rate_changed = watch.rate.look(now);
            if !std::mem::take(&mut watch.dirty) && !rate_changed {
                continue;
            }
            let value = newest(state, watch.instance.as_deref(), &watch.emitter);
            let fresh = std::mem::take(&mut watch.fresh);
            if fresh > 0 && watch.range.is_none() {
                Range::add(&mut watch.range, value.as_ref().and_then(Value::as_f64));
            }
            for (plot, path) in &watch.plots {
                if fresh > 0 && self.plots[*plot].is_none() {
                    let part = value.as_ref().and_then(|value| value.pointer(path));
                    let number = part.and_then(Value::as_f64);
                    Range::add(&mut self.plots[*plot], number);
                }
            }
            let range = watch.range.take();
            let (least, greatest) = (
                range.map(|range| range.least),
                range.map(|range| range.greatest),
            );
            let rate = watch.rate.per_second;
            emitters.push(json!([
                watch.key,
                shown(value),
                fresh,
                watch.at,
                least,
                greatest,
                rate
            ]));
        }
        let rows: Vec<_> = rows
            .into_iter()
            .zip(&self.rows)
            .filter(|(count, _)| *count > 0)
            .map(|(count, key)| json!([key, count]))
            .collect();
        let plots = self.plots.iter_mut().enumerate();
        let plots: Vec<_> = plots
            .filter_map(|(index, range)| Some((index, range.take()?)))
            .map(|(index, range)| json!([index, range.last, range.least, range.greatest]))
            .collect();
        if emitters.is_empty() && rows.is_empty() && plots.is_empty() {
            return None;
        }
        let frame = json!({"t": "values", "at": at, "e": emitters, "a": rows, "p": plots});
        Some(frame.to_string())
    }
}

/// Where the pulses of a source are seen.
fn seen(
    state: &State,
    show: &Show,
    source: &Source,
    watched: &[usize],
    watches: &[Watch],
    row_of: &HashMap<String, usize>,
) -> Seen {
    let instances = instances_of(state, source);
    let here = |instance: &Option<String>| {
        let instance = instance.as_deref();
        instance.is_none_or(|instance| instances.contains(&instance))
    };
    let watches = watched
        .iter()
        .copied()
        .filter(|index| here(&watches[*index].instance))
        .collect();
    let mut rows = Vec::new();
    let emitter = state.store.get("Emitter", &source.emitter);
    if let Some(target) = emitter.and_then(|entry| one(&entry.item, "targetId")) {
        let target = &*target;
        for instance in instances
            .iter()
            .map(|instance| Some(*instance))
            .chain([None])
        {
            let own = keys::of_target(instance, target);
            let mut key = Some(&own);
            while let Some(one) = key {
                rows.extend(row_of.get(one).copied());
                key = show.parent(one);
            }
        }
    }
    Seen {
        epoch: 0,
        watches,
        rows,
    }
}

fn one<'a>(item: &'a Item, field: &str) -> Option<Cow<'a, str>> {
    let [found] = item.strings([field]);
    found
}

/// The instances whose emitter pulses there: the one that the id names, else those of the connection.
fn instances_of<'a>(state: &'a State, source: &'a Source) -> Vec<&'a str> {
    let named = source.pulse.strip_prefix(&source.emitter);
    if let Some(instance) = named.and_then(|rest| rest.strip_prefix(':')) {
        return vec![instance];
    }
    let all = state.store.of_type("Instance");
    all.filter(|(_, entry)| source.from.is_none() || entry.owner == source.from)
        .map(|(id, _)| &**id)
        .collect()
}

/// The last value of an emitter in an instance.
fn newest(state: &State, instance: Option<&str>, emitter: &str) -> Option<Value> {
    let store = &state.store;
    let own = instance.and_then(|instance| store.get("Pulse", &format!("{emitter}:{instance}")));
    let shared = || {
        let pulse = store.get("Pulse", emitter)?;
        let Some(instance) = instance.and_then(|instance| store.get("Instance", instance)) else {
            return Some(pulse);
        };
        let other = match (pulse.owner, instance.owner) {
            (Some(pulse), Some(instance)) => pulse != instance,
            // Of a server that is mirrored nothing else is known.
            _ => {
                let [client] = pulse.item.strings(["clientId"]);
                let [own] = instance.item.strings(["clientId"]);
                client.is_some() && own.is_some() && client != own
            }
        };
        (!other).then_some(pulse)
    };
    own.or_else(shared)?.item.field("data")
}

/// A value as a page gets it: of a long one the beginning.
fn shown(value: Option<Value>) -> Value {
    match value {
        None => Value::Null,
        Some(plain @ (Value::Null | Value::Bool(_) | Value::Number(_))) => plain,
        Some(value) => {
            let text = value.to_string();
            if text.len() <= LONG {
                return value;
            }
            json!({"__long": text.len(), "head": excerpt(&text, HEAD)})
        }
    }
}

/// The number that a text is; no other JSON begins like one.
fn number(data: &str) -> Option<f64> {
    if !data.starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
        return None;
    }
    data.parse().ok()
}

fn number_at(data: &str, path: &str) -> Option<f64> {
    if path.is_empty() {
        return number(data);
    }
    let value: Value = serde_json::from_str(data).ok()?;
    value.pointer(path)?.as_f64()
}
