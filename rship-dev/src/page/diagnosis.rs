//! What was dropped, and what servers of other generations would have dropped.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use rship_core::wire::Generation;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::explained::{Explained, Verdict};
use crate::item::Item;
use crate::reading::judge::judge;
use crate::reading::told::{as_meant, as_told};
use crate::server::state::State;

/// The types that are judged for other generations: what an executor says of itself.
const JUDGED: [&str; 5] = ["Instance", "Target", "TargetStatus", "Action", "Emitter"];
/// How many entities are taken to be judged at once, and for how long that may go on at a time.
const TAKEN: usize = 500;
const SLICE: Duration = Duration::from_millis(5);
/// How many entities that others would drop are told.
const TOLD: usize = 500;
/// How much is told in one frame.
const PIECE: usize = 1_000;

/// An entity's type and id.
type Name = (&'static str, String);

/// What one page was told, and what is not judged yet.
#[derive(Debug, Default)]
pub(super) struct Diagnosis {
    begun: bool,
    /// The states of which it was told.
    explained: Option<u64>,
    shape: Option<u64>,
    told: BTreeMap<String, u64>,
    judged: HashMap<Name, Judged>,
    waiting: Vec<(Name, Item)>,
    news: bool,
}

#[derive(Debug)]
struct Judged {
    hash: u64,
    entries: Vec<(String, String)>,
}

impl Diagnosis {
    /// The frame that tells what changed; `None` when nothing did, or when it is not known yet.
    pub(super) fn news(&mut self, state: &State) -> Option<String> {
        let explained = (self.explained != Some(state.looks.explained)).then(|| {
            self.explained = Some(state.looks.explained);
            own(state)
        });
        if self.shape != Some(state.looks.shape) && self.waiting.is_empty() {
            self.take(state);
        }
        let news = std::mem::take(&mut self.news);
        if explained.is_none() && !news && self.begun {
            return None;
        }
        let mut all = explained.unwrap_or_else(|| own(state));
        let others = self.judged.values().flat_map(|judged| &judged.entries);
        let others: BTreeMap<_, _> = others.cloned().collect();
        all.extend(others.into_iter().take(TOLD));
        self.tell(all)
    }

    fn tell(&mut self, all: BTreeMap<String, String>) -> Option<String> {
        let mut gone: BTreeSet<_> = self.told.keys().cloned().collect();
        let mut changed = Vec::new();
        for (key, entry) in all {
            gone.remove(&key);
            let hash = hash(&entry);
            if self.told.get(&key) != Some(&hash) {
                if changed.len() == PIECE {
                    // The rest comes next.
                    self.news = true;
                    continue;
                }
                self.told.insert(key, hash);
                changed.push(entry);
            }
        }
        self.told.retain(|key, _| !gone.contains(key));
        let first = !std::mem::replace(&mut self.begun, true);
        if changed.is_empty() && gone.is_empty() && !first {
            return None;
        }
        let reset = if first { ",\"reset\":true" } else { "" };
        let (changed, gone) = (changed.join(","), json!(gone));
        Some(format!(
            "{{\"t\":\"diagnosis\"{reset},\"explained\":[{changed}],\"gone\":{gone}}}"
        ))
    }

    /// Takes what changed, to be judged without the state.
    fn take(&mut self, state: &State) {
        let mut here = BTreeSet::new();
        for item_type in JUDGED {
            for (id, entry) in state.store.of_type(item_type) {
                let name = (item_type, id.to_string());
                let hash = hash(entry.item.text());
                let known = self.judged.get(&name).map(|judged| judged.hash);
                if known != Some(hash) {
                    if self.waiting.len() == TAKEN {
                        // What is left is taken next.
                        return;
                    }
                    let judged = Judged {
                        hash,
                        entries: Vec::new(),
                    };
                    self.judged.insert(name.clone(), judged);
                    self.waiting.push((name.clone(), entry.item.clone()));
                }
                here.insert(name);
            }
        }
        self.shape = Some(state.looks.shape);
        let before = self.judged.len();
        self.judged.retain(|name, _| here.contains(name));
        self.news |= self.judged.len() != before;
    }

    /// Judges for a while.
    pub(super) fn judge(&mut self, spoken: Generation) {
        let began = Instant::now().into_std();
        while let Some((name, item)) = self.waiting.pop() {
            let entries = for_others(spoken, &name, item.value());
            if let Some(judged) = self.judged.get_mut(&name) {
                self.news |= !entries.is_empty() || !judged.entries.is_empty();
                judged.entries = entries;
            }
            if began.elapsed() > SLICE {
                return;
            }
        }
    }
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// What was explained so far.
fn own(state: &State) -> BTreeMap<String, String> {
    let entry = |(explained, at): (&Explained, u64)| {
        let key = explained.key();
        let entry = entry(&key, state.generation, explained, Some(at));
        (key, entry)
    };
    state.explanations.iter().map(entry).collect()
}

/// What servers of other generations would drop of an entity.
fn for_others(spoken: Generation, name: &Name, item: Value) -> Vec<(String, String)> {
    let (item_type, id) = name;
    let item = as_meant(spoken, item_type, item);
    let others = Generation::ALL
        .into_iter()
        .filter(|generation| *generation != spoken);
    let mut entries = Vec::new();
    for generation in others {
        let told = as_told(generation, item_type, item.clone());
        let problems = judge(generation, item_type, &told).into_iter();
        let dropped = problems.filter(|problem| problem.verdict == Verdict::Dropped);
        entries.extend(dropped.enumerate().map(|(index, problem)| {
            let key = format!("{generation}/{item_type}/{id}/{index}");
            let entry = entry(&key, generation, &problem, None);
            (key, entry)
        }));
    }
    entries
}

fn entry(key: &str, generation: Generation, explained: &Explained, at: Option<u64>) -> String {
    let kind = match explained.verdict {
        Verdict::Dropped => "dropped",
        Verdict::Kept => "warning",
    };
    json!({
        "key": key, "kind": kind, "type": explained.item_type, "id": explained.id, "field": explained.field,
        "reason": explained.reason, "mend": null, "generation": generation.as_str(), "count": explained.count,
        "at": at,
    })
    .to_string()
}
