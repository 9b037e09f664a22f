//! A table of targets.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Instant;

use rship_core::wire::QueryResponse;
use serde_json::{Value, json};

use crate::cli::client::Items;
use crate::cli::live::Table;
use crate::cli::live::line::{Column, Line, Tone, Width, table};
use crate::cli::live::meter::{Meter, STEPS, ago, per_second};
use crate::cli::output::one_line;
use crate::cli::watch::news;
use crate::natural;

const COLUMNS: [Column; 7] = [
    Column::new("TARGET", Width::Content),
    Column::right("RATE", 8),
    Column::right("PULSES", 9),
    Column::right("LAST", 4),
    Column::right("EMITTERS", 8),
    Column::right("DROPS", 6),
    Column::new("LAST 10 S", Width::Fixed(STEPS)),
];

/// The transactions of what is asked.
#[derive(Debug)]
pub(super) struct Queries {
    pub(super) emitters: String,
    pub(super) pulses: String,
    pub(super) drops: String,
}

/// By what targets are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Rate,
    Pulses,
    Last,
    Drops,
    Id,
}

/// The targets that have emitters, or of which something was dropped.
#[derive(Debug)]
pub(super) struct Targets {
    queries: Queries,
    emitters: Items,
    pulses: Items,
    drops: Items,
    is_answered: bool,
    targets: BTreeMap<String, Target>,
    order: Order,
    sorted: Vec<String>,
    total: Meter,
}

#[derive(Debug, Default)]
struct Target {
    meter: Meter,
    last: Option<Instant>,
    emitters: usize,
    drops: u64,
}

impl Targets {
    pub(super) fn new(queries: Queries) -> Self {
        Self {
            queries,
            emitters: Items::new(),
            pulses: Items::new(),
            drops: Items::new(),
            is_answered: false,
            targets: BTreeMap::new(),
            order: Order::Rate,
            sorted: Vec::new(),
            total: Meter::default(),
        }
    }

    /// The rows as documents, in their order.
    pub(super) fn documents(&self) -> Vec<Value> {
        let document = |id: &String| {
            let target = self.targets.get(id)?;
            Some(json!({
                "id": id,
                "rate": target.meter.rate(),
                "pulses": target.meter.total(),
                "emitters": target.emitters,
                "drops": target.drops,
            }))
        };
        self.sorted.iter().filter_map(document).collect()
    }

    /// The target of an emitter; one that is not known has it in its id.
    fn target_of<'a>(&'a self, emitter: &'a str) -> &'a str {
        let known = self.emitters.get(emitter);
        known
            .and_then(|emitter| emitter["targetId"].as_str())
            .or_else(|| emitter.rsplit_once(':').map(|(target, _)| target))
            .unwrap_or(emitter)
    }

    /// The target of something that was dropped, where it can be told.
    fn target_of_drop<'a>(&'a self, drop: &'a Value) -> Option<&'a str> {
        let id = drop["itemId"].as_str().filter(|id| !id.is_empty())?;
        match drop["itemType"].as_str()? {
            "Target" => Some(id),
            "Action" | "Emitter" => Some(self.target_of(id)),
            "Pulse" => {
                // With its instance behind it, or without.
                let emitter = id.rsplit_once(':').map(|(emitter, _)| emitter);
                let known = |id: &&str| self.emitters.contains_key(*id);
                let emitter = [Some(id), emitter].into_iter().flatten().find(known);
                emitter.map(|emitter| self.target_of(emitter))
            }
            _ => None,
        }
    }

    fn count_emitters(&mut self) {
        let mut counts = BTreeMap::<String, usize>::new();
        for id in self.emitters.keys() {
            *counts.entry(self.target_of(id).to_owned()).or_default() += 1;
        }
        for (id, target) in &mut self.targets {
            target.emitters = counts.remove(id).unwrap_or(0);
        }
        for (id, emitters) in counts {
            self.targets.entry(id).or_default().emitters = emitters;
        }
    }

    fn count_drops(&mut self) {
        let mut counts = BTreeMap::<String, u64>::new();
        for drop in self.drops.values() {
            if let Some(target) = self.target_of_drop(drop) {
                *counts.entry(target.to_owned()).or_default() +=
                    drop["count"].as_u64().unwrap_or(1);
            }
        }
        for (id, drops) in counts {
            self.targets.entry(id).or_default().drops = drops;
        }
    }

    fn sort(&mut self) {
        let targets = &self.targets;
        let mut sorted: Vec<_> = targets.iter().collect();
        let order = self.order;
        sorted.sort_by(|(one_id, one), (other_id, other)| {
            let most_first = match order {
                Order::Rate => other.meter.rate().total_cmp(&one.meter.rate()),
                Order::Pulses => other.meter.total().cmp(&one.meter.total()),
                Order::Last => other.last.cmp(&one.last),
                Order::Drops => other.drops.cmp(&one.drops),
                Order::Id => Ordering::Equal,
            };
            most_first.then_with(|| natural::compare(one_id, other_id))
        });
        self.sorted = sorted.into_iter().map(|(id, _)| id.clone()).collect();
    }
}

impl Table for Targets {
    fn found(&mut self, found: QueryResponse, now: Instant) {
        if found.tx == self.queries.emitters {
            found.apply(&mut self.emitters);
            self.count_emitters();
        } else if found.tx == self.queries.drops {
            found.apply(&mut self.drops);
            self.count_drops();
        } else if found.tx == self.queries.pulses {
            let pulses = news(&mut self.pulses, found);
            // The first answer is what was there before.
            if std::mem::replace(&mut self.is_answered, true) {
                for pulse in pulses {
                    let id = pulse["emitterId"].as_str().unwrap_or_default();
                    let id = self.target_of(id).to_owned();
                    let target = self.targets.entry(id).or_default();
                    target.meter.count();
                    target.last = Some(now);
                    self.total.count();
                }
            }
        }
    }

    /// Rows change places with the rates alone, so that they can be read.
    fn step(&mut self) {
        for target in self.targets.values_mut() {
            target.meter.step(None);
        }
        self.total.step(None);
        self.sort();
    }

    fn key(&mut self, key: char) {
        self.order = match key {
            'r' => Order::Rate,
            'p' => Order::Pulses,
            'l' => Order::Last,
            'd' => Order::Drops,
            'i' => Order::Id,
            _ => return,
        };
        self.sort();
    }

    fn len(&self) -> usize {
        self.sorted.len()
    }

    fn title(&self) -> String {
        let drops: u64 = (self.drops.values())
            .map(|drop| drop["count"].as_u64().unwrap_or(1))
            .sum();
        let by = match self.order {
            Order::Rate => "rate",
            Order::Pulses => "pulses",
            Order::Last => "last",
            Order::Drops => "drops",
            Order::Id => "id",
        };
        format!(
            "targets: {} by {by}, {}; drops: {drops} (of a local core); commands cannot be seen",
            self.targets.len(),
            per_second(self.total.rate())
        )
    }

    fn keys(&self) -> &'static str {
        "  sort by: r rate  p pulses  l last  d drops  i id"
    }

    fn lines(&self, rows: Range<usize>, width: usize, now: Instant) -> Vec<Line> {
        let cells = |id: &String| {
            let target = self.targets.get(id)?;
            let age = target.last.map(|last| now.saturating_duration_since(last));
            let is_bad = target.drops > 0;
            Some(vec![
                (one_line(id).into_owned(), Tone::Plain),
                (per_second(target.meter.rate()), Tone::Plain),
                (target.meter.total().to_string(), Tone::Plain),
                (age.map_or_else(|| "-".to_owned(), ago), Tone::Plain),
                (target.emitters.to_string(), Tone::Plain),
                (
                    target.drops.to_string(),
                    if is_bad { Tone::Bad } else { Tone::Plain },
                ),
                (target.meter.trend(), Tone::Plain),
            ])
        };
        let cells: Vec<_> = self.sorted[rows].iter().filter_map(cells).collect();
        table(&COLUMNS, &cells, width)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(tx: &str, fresh: bool, items: Vec<Value>) -> QueryResponse {
        let named = |item: Value| (item["id"].as_str().unwrap().to_owned(), item);
        QueryResponse {
            tx: tx.into(),
            fresh,
            upserts: items.into_iter().map(named).collect(),
            deletes: vec![],
        }
    }

    fn pulse(emitter: &str) -> Value {
        json!({"id": emitter, "emitterId": emitter, "data": 1})
    }

    fn targets() -> Targets {
        let queries = Queries {
            emitters: "e".into(),
            pulses: "p".into(),
            drops: "d".into(),
        };
        let mut targets = Targets::new(queries);
        let emitter = |id: &str, target: &str| json!({"id": id, "targetId": target});
        let emitters = vec![emitter("a:x", "a"), emitter("a:y", "a"), emitter("z", "b")];
        let now = Instant::now();
        targets.found(found("e", true, emitters), now);
        targets.found(found("p", true, vec![pulse("a:x"), pulse("z")]), now);
        targets.found(found("d", true, vec![]), now);
        targets
    }

    fn numbers(targets: &Targets) -> Vec<(String, u64, u64, u64)> {
        let row = |row: &Value| {
            let number = |field: &str| row[field].as_u64().unwrap();
            let id = row["id"].as_str().unwrap().to_owned();
            (id, number("pulses"), number("emitters"), number("drops"))
        };
        targets.documents().iter().map(row).collect()
    }

    #[test]
    fn pulses_count_for_the_target_of_their_emitter_from_when_it_is_watched() {
        let mut targets = targets();
        let now = Instant::now();
        for emitter in ["z", "z", "a:x", "c:new"] {
            targets.found(found("p", false, vec![pulse(emitter)]), now);
        }
        targets.step();
        let expected = [("b", 2, 1, 0), ("a", 1, 2, 0), ("c", 1, 0, 0)]
            .map(|(id, pulses, emitters, drops)| (id.to_owned(), pulses, emitters, drops));
        assert_eq!(numbers(&targets), expected);
        assert!(
            targets
                .title()
                .starts_with("targets: 3 by rate, 8.0/s; drops: 0 (of")
        );
    }

    #[test]
    fn drops_count_for_the_target_that_they_are_of() {
        let mut targets = targets();
        let drop = |id: &str, item_type: &str, item: &str, count: u64| json!({"id": id, "itemType": item_type, "itemId": item, "count": count});
        let drops = vec![
            drop("1", "Target", "b", 3),
            drop("2", "Action", "a:go", 1),
            drop("3", "Pulse", "z:instance", 1),
            drop("4", "frame", "", 5),
        ];
        targets.found(found("d", false, drops), Instant::now());
        targets.step();
        let drops: Vec<_> = numbers(&targets).into_iter().map(|row| row.3).collect();
        assert_eq!(drops, [1, 4]);
        assert!(
            targets.title().contains("drops: 10 "),
            "{}",
            targets.title()
        );
    }

    #[test]
    fn a_key_sorts() {
        let mut targets = targets();
        let now = Instant::now();
        targets.found(found("p", false, vec![pulse("z")]), now);
        targets.step();
        assert_eq!(targets.sorted, ["b", "a"]);
        targets.key('i');
        assert_eq!(targets.sorted, ["a", "b"]);
        targets.key('l');
        assert_eq!(targets.sorted, ["b", "a"]);
        targets.key('?');
        assert_eq!(targets.sorted, ["b", "a"]);
    }
}
