//! A table of emitters, with their values, rates and trends.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::{Duration, Instant};

use rship_core::wire::QueryResponse;
use serde_json::Value;

use super::{Filter, news};
use crate::cli::client::Items;
use crate::cli::live::Table;
use crate::cli::live::line::{Column, Line, Tone, Width, table};
use crate::cli::live::meter::{Meter, STEPS, ago, number, per_second};
use crate::cli::output::one_line;
use crate::natural;

/// For how long a value is shown as new.
const FRESH: Duration = Duration::from_millis(600);

const COLUMNS: [Column; 5] = [
    Column::new("EMITTER", Width::Content),
    Column::new("VALUE", Width::Rest(12)),
    Column::right("RATE", 8),
    Column::right("LAST", 4),
    Column::new("LAST 10 S", Width::Fixed(STEPS)),
];

/// The emitters that are watched; one that is in several instances has a row for each.
#[derive(Debug)]
pub(super) struct Emitters<'a> {
    query: String,
    filter: &'a Filter<'a>,
    url: String,
    /// In the order of their ids.
    rows: Vec<Row>,
    /// How many rows an emitter has.
    rows_of: BTreeMap<String, usize>,
    known: Items,
    is_answered: bool,
    total: Meter,
}

#[derive(Debug, Default)]
struct Row {
    /// The id of the pulse, or of an emitter that has none yet.
    id: String,
    emitter: String,
    value: Option<Value>,
    last: Option<Instant>,
    /// Its executor is not connected.
    is_gone: bool,
    meter: Meter,
}

impl<'a> Emitters<'a> {
    pub(super) fn new(query: String, filter: &'a Filter<'a>, url: &str) -> Self {
        let mut ids: Vec<_> = filter.emitters.iter().cloned().collect();
        ids.sort_by(|one, other| natural::compare(one, other));
        let row = |id: String| Row {
            emitter: id.clone(),
            id,
            ..Row::default()
        };
        Self {
            query,
            filter,
            url: one_line(url).into_owned(),
            rows_of: ids.iter().map(|id| (id.clone(), 1)).collect(),
            rows: ids.into_iter().map(row).collect(),
            known: Items::new(),
            is_answered: false,
            total: Meter::default(),
        }
    }

    fn pulse(&mut self, pulse: Value, now: Instant) {
        let Value::Object(mut pulse) = pulse else {
            return;
        };
        let text = |field: &str| pulse[field].as_str().unwrap_or_default().to_owned();
        let (id, emitter) = (text("id"), text("emitterId"));
        let index = self.place(&id).unwrap_or_else(|_| self.add(id, emitter));
        let row = &mut self.rows[index];
        row.value = pulse.remove("data");
        row.is_gone = false;
        // When the value came that was there before is not known.
        if self.is_answered {
            row.last = Some(now);
            row.meter.count();
            self.total.count();
        }
    }

    /// Adds a row, in place of the one that an emitter has before it has a value.
    fn add(&mut self, id: String, emitter: String) -> usize {
        if let Ok(empty) = self.place(&emitter)
            && self.rows[empty].value.is_none()
        {
            self.rows.remove(empty);
        } else {
            *self.rows_of.entry(emitter.clone()).or_insert(0) += 1;
        }
        let index = self.place(&id).unwrap_or_else(|index| index);
        let row = Row {
            id,
            emitter,
            ..Row::default()
        };
        self.rows.insert(index, row);
        index
    }

    fn place(&self, id: &str) -> Result<usize, usize> {
        self.rows
            .binary_search_by(|row| natural::compare(&row.id, id))
    }
}

impl Table for Emitters<'_> {
    fn found(&mut self, found: QueryResponse, now: Instant) {
        if found.tx != self.query {
            return;
        }
        let may_miss = found.fresh || !found.deletes.is_empty();
        for pulse in news(&mut self.known, found) {
            if self.filter.takes(&pulse) {
                self.pulse(pulse, now);
            }
        }
        self.is_answered = true;
        if may_miss {
            for row in &mut self.rows {
                row.is_gone = row.value.is_some() && !self.known.contains_key(&row.id);
            }
        }
    }

    fn step(&mut self) {
        for row in &mut self.rows {
            row.meter.step(row.value.as_ref().and_then(number));
        }
        self.total.step(None);
    }

    fn key(&mut self, _: char) {}

    fn len(&self) -> usize {
        self.rows.len()
    }

    fn title(&self) -> String {
        let emitters = match self.filter.emitters.len() {
            1 => "1 emitter".to_owned(),
            several => format!("{several} emitters"),
        };
        format!(
            "{emitters} of {}, {}",
            self.url,
            per_second(self.total.rate())
        )
    }

    fn keys(&self) -> &'static str {
        ""
    }

    fn lines(&self, rows: Range<usize>, width: usize, now: Instant) -> Vec<Line> {
        let cells = |row: &Row| {
            let age = row.last.map(|last| now.saturating_duration_since(last));
            let tone = match age {
                _ if row.is_gone => Tone::Dim,
                Some(age) if age < FRESH => Tone::Fresh,
                _ => Tone::Plain,
            };
            // The instance is told where there are several.
            let id = match self.rows_of.get(&row.emitter) {
                Some(1) => &row.emitter,
                _ => &row.id,
            };
            vec![
                (one_line(id).into_owned(), Tone::Plain),
                (shown(row, width), tone),
                (per_second(row.meter.rate()), Tone::Plain),
                (age.map_or_else(|| "-".to_owned(), ago), Tone::Plain),
                (row.meter.trend(), Tone::Plain),
            ]
        };
        let cells: Vec<_> = self.rows[rows].iter().map(cells).collect();
        table(&COLUMNS, &cells, width)
    }
}

/// A value, of which no more is written out than could be seen.
fn shown(row: &Row, width: usize) -> String {
    let Some(value) = &row.value else {
        return "-".to_owned();
    };
    let mut text = match value {
        Value::String(long) if long.len() > 8 * width => {
            let end = long.floor_char_boundary(8 * width);
            Value::from(&long[..end]).to_string()
        }
        other => other.to_string(),
    };
    text.truncate(text.floor_char_boundary(8 * width));
    let text = one_line(&text);
    if row.is_gone {
        return format!("(offline) {text}");
    }
    text.into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::live::meter::STEP;

    fn filter(emitters: &[&str]) -> Filter<'static> {
        Filter {
            emitters: emitters.iter().map(|id| (*id).to_owned()).collect(),
            instance: None,
            instances: Items::new(),
        }
    }

    fn found(fresh: bool, pulses: &[(&str, &str, Value)], deletes: &[&str]) -> QueryResponse {
        let upserts = pulses.iter().map(|(id, emitter, data)| {
            let pulse = json!({"id": id, "emitterId": emitter, "data": data});
            ((*id).to_owned(), pulse)
        });
        QueryResponse {
            tx: "q".into(),
            fresh,
            upserts: upserts.collect(),
            deletes: deletes.iter().map(|id| (*id).to_owned()).collect(),
        }
    }

    fn texts(table: &Emitters<'_>, now: Instant) -> Vec<String> {
        let lines = table.lines(0..table.len(), 70, now);
        let joined = |line: &Line| {
            let texts = line.iter().map(|cell| cell.text.trim());
            texts.collect::<Vec<_>>().join("|")
        };
        lines.iter().skip(1).map(joined).collect()
    }

    #[test]
    fn values_rates_and_ages_follow_what_comes() {
        let filter = filter(&["e:a", "e:b"]);
        let mut table = Emitters::new("q".into(), &filter, "ws://here/myko");
        let start = Instant::now();
        table.found(found(true, &[("e:a", "e:a", json!(1))], &[]), start);
        assert_eq!(texts(&table, start), ["e:a|1|0.0/s|-|", "e:b|-|0.0/s|-|"]);
        table.found(found(false, &[("e:a", "e:a", json!(2))], &[]), start);
        table.step();
        let later = start + STEP * 4;
        assert_eq!(texts(&table, later)[0], "e:a|2|2.0/s|2s|▁");
        assert_eq!(table.title(), "2 emitters of ws://here/myko, 2.0/s");
    }

    #[test]
    fn what_just_changed_is_shown_as_such_and_what_is_gone_as_well() {
        let filter = filter(&["e:a"]);
        let mut table = Emitters::new("q".into(), &filter, "ws://here/myko");
        let now = Instant::now();
        let tone = |table: &Emitters<'_>, now| table.lines(0..1, 70, now)[1][1].tone;
        table.found(found(true, &[("e:a", "e:a", json!(1))], &[]), now);
        assert_eq!(tone(&table, now), Tone::Plain);
        table.found(found(false, &[("e:a", "e:a", json!(1))], &[]), now);
        assert_eq!(tone(&table, now), Tone::Fresh);
        assert_eq!(tone(&table, now + FRESH), Tone::Plain);
        table.found(found(false, &[], &["e:a"]), now);
        assert_eq!(tone(&table, now), Tone::Dim);
        assert!(texts(&table, now)[0].starts_with("e:a|(offline) 1|"));
        table.found(found(false, &[("e:a", "e:a", json!(3))], &[]), now);
        assert!(texts(&table, now)[0].starts_with("e:a|3|"));
    }

    #[test]
    fn each_instance_has_its_row_in_place_of_the_empty_one() {
        let filter = filter(&["e:a", "e:b"]);
        let mut table = Emitters::new("q".into(), &filter, "ws://here/myko");
        let now = Instant::now();
        let pulses = [
            ("e:a:10", "e:a", json!(10)),
            ("e:a:2", "e:a", json!(2)),
            ("other", "other", json!(0)),
        ];
        table.found(found(true, &pulses, &[]), now);
        let ids = |table: &Emitters<'_>| {
            let texts = texts(table, now);
            let id = |line: &String| line.split('|').next().unwrap().to_owned();
            texts.iter().map(id).collect::<Vec<_>>()
        };
        assert_eq!(ids(&table), ["e:a:2", "e:a:10", "e:b"]);
        table.found(found(false, &[("e:b:2", "e:b", json!(2))], &[]), now);
        assert_eq!(ids(&table), ["e:a:2", "e:a:10", "e:b"]);
        table.found(found(false, &[("e:b:2", "e:b", json!(3))], &[]), now);
        assert!(texts(&table, now)[2].starts_with("e:b|3|"));
    }

    #[test]
    fn nothing_in_a_value_steers_the_terminal() {
        let filter = filter(&["e:\u{1b}[2J"]);
        let mut table = Emitters::new("q".into(), &filter, "ws://here/myko");
        let id = "e:\u{1b}[2J";
        let value = json!({"a": "\u{9b}2J\n\u{202e}"});
        let now = Instant::now();
        table.found(found(true, &[(id, id, value)], &[]), now);
        let text = texts(&table, now).concat();
        assert!(!text.chars().any(char::is_control), "{text:?}");
        assert!(!text.contains('\u{202e}'), "{text:?}");
    }

    #[test]
    fn of_a_long_value_only_what_is_seen_is_written_out() {
        let value = |value| Row {
            value: Some(value),
            ..Row::default()
        };
        let long = value(json!("ü".repeat(1 << 20)));
        assert!(shown(&long, 80).len() <= 640);
        let many = value(json!(vec![1; 1 << 20]));
        assert!(shown(&many, 80).len() <= 640);
    }
}
