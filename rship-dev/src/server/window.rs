//! The windows of a 2026 server: some types are gathered for a while, then all SETs are applied before all DELs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::state::State;
use crate::item::Item;
use crate::reading::Problem;
use crate::store::{Change, ClientNo, Entry, weight_of};

/// How long a real server gathers.
pub(crate) const WINDOW: Duration = Duration::from_millis(100);

/// The types that are gathered, each in a window of its own; everything else is applied at once.
const GATHERED: [&str; 6] = [
    "Target",
    "Action",
    "Emitter",
    "TargetStatus",
    "ActionStatus",
    "EmitterStatus",
];

/// A change that waits for the end of its window.
#[derive(Debug)]
struct Gathered {
    from: ClientNo,
    id: String,
    item: Item,
    at: Instant,
    /// Its place among the changes of the window.
    place: usize,
    /// What it takes in memory.
    weight: usize,
}

#[derive(Debug)]
struct Window {
    opened: Instant,
    sets: Vec<Gathered>,
    dels: Vec<Gathered>,
}

/// The open windows by type. A window opens with the first change of its type, whoever sends it.
#[derive(Debug)]
pub(crate) struct Windows {
    length: Duration,
    open: BTreeMap<String, Window>,
    /// What waits in all of them takes in memory.
    weight: usize,
}

impl Windows {
    /// Windows of this length; zero applies everything at once.
    pub(crate) const fn new(length: Duration) -> Self {
        Self {
            length,
            open: BTreeMap::new(),
            weight: 0,
        }
    }

    pub(crate) fn gathers(&self, item_type: &str) -> bool {
        !self.length.is_zero() && GATHERED.contains(&item_type)
    }

    /// What waits in them takes in memory, roughly.
    pub(crate) const fn weight(&self) -> usize {
        self.weight
    }

    /// Takes a change into the window of its type.
    pub(crate) fn gather(
        &mut self,
        from: ClientNo,
        item_type: String,
        id: String,
        change: Change,
        item: Item,
    ) {
        let at = Instant::now();
        let weight = weight_of(&id, item.text().len());
        self.weight += weight;
        let window = self.open.entry(item_type).or_insert(Window {
            opened: at,
            sets: Vec::new(),
            dels: Vec::new(),
        });
        let gathered = Gathered {
            from,
            id,
            item,
            at,
            place: window.sets.len() + window.dels.len(),
            weight,
        };
        match change {
            Change::Set => window.sets.push(gathered),
            Change::Del => window.dels.push(gathered),
        }
    }

    /// When the next window ends.
    pub(crate) fn next(&self) -> Option<Instant> {
        let opened = self.open.values().map(|window| window.opened).min();
        opened.map(|opened| opened + self.length)
    }

    /// Whether a change that came by then still waits.
    pub(crate) fn waiting_since(&self, then: Instant) -> bool {
        self.open.values().any(|window| window.opened <= then)
    }

    /// The statuses of these instances that still wait are offline when they are applied.
    pub(crate) fn take_offline(&mut self, instances: &BTreeSet<Arc<str>>) {
        let sets = self.open.values_mut().flat_map(|window| &mut window.sets);
        for Gathered { item, .. } in sets {
            let [of] = item.strings(["instanceId"]);
            if of.is_some_and(|of| instances.contains(&*of)) {
                let mut fields = item.fields();
                fields.insert("status".to_owned(), "offline".into());
                *item = Item::new(&fields);
            }
        }
    }

    fn ended(&mut self, now: Instant) -> BTreeMap<String, Window> {
        let length = self.length;
        let ended: BTreeMap<_, Window> = self
            .open
            .extract_if(.., |_, window| window.opened + length <= now)
            .collect();
        let gathered = ended
            .values()
            .flat_map(|window| window.sets.iter().chain(&window.dels));
        self.weight -= gathered.map(|change| change.weight).sum::<usize>();
        ended
    }
}

impl State {
    /// Applies the windows that are over, and says when to look again.
    pub(crate) fn apply_windows(&mut self, now: Instant) -> Option<Instant> {
        for (item_type, window) in self.windows.ended(now) {
            self.explain_lost(&item_type, &window);
            for set in window.sets {
                let entry = Entry::new(&set.id, set.item, Some(set.from));
                self.put_from(set.from, &item_type, &set.id, entry);
            }
            for del in window.dels {
                self.delete(Some(del.from), &item_type, &del.id);
            }
        }
        self.windows.next()
    }

    /// Says which entities were set after their deletion, and are gone all the same.
    fn explain_lost<'w>(&mut self, item_type: &str, window: &'w Window) {
        // The last change of each id.
        let last = |changes: &'w [Gathered]| -> BTreeMap<&'w str, &'w Gathered> {
            let by_id = |change: &'w Gathered| (change.id.as_str(), change);
            changes.iter().map(by_id).collect()
        };
        let sets = last(&window.sets);
        for (id, del) in last(&window.dels) {
            let Some(set) = sets.get(id).filter(|set| set.place > del.place) else {
                continue;
            };
            let reason = format!(
                "its `SET` came {} ms after its `DEL` and is lost: a 2026 server applies all SETs of {} ms before all DELs",
                (set.at - del.at).as_millis(),
                self.windows.length.as_millis()
            );
            self.explain(Some(set.from), item_type, id, Problem::fatal("", reason));
        }
    }
}
