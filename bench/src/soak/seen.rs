//! What arrives at the server, seen event by event: impulses by number, states that may not go back, and what
//! the server drops.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use rship_dev::{Change, DROP_TYPE, EventsError, LocalCore, StoreEvent};
use serde_json::Value;
use tokio::runtime::Handle;

use super::record::Record;
use super::server::RAW;

/// Sessions whose states are remembered; of earlier ones nothing comes any more.
const SESSIONS: usize = 8;

/// The impulses of one life of one emitter: a target that is added again begins a new one.
type Life = (String, u64);

/// How the impulses are accounted for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Arrivals {
    pub(super) arrived: u64,
    /// Missing between two that arrived in one session.
    pub(super) gaps: u64,
}

impl Arrivals {
    /// Whether what was sent has arrived, was counted as dropped, or went with its connection; an error says what is
    /// missing beside that.
    pub(super) fn account(self, sent: u64, dropped: u64) -> Result<(), String> {
        let Self { arrived, gaps } = self;
        if arrived + dropped > sent {
            return Err(format!(
                "of {sent} impulses {arrived} arrived, although {dropped} were counted as dropped"
            ));
        }
        if gaps > dropped {
            return Err(format!(
                "{gaps} impulses went missing within sessions, and only {dropped} were counted as dropped"
            ));
        }
        Ok(())
    }
}

/// What was seen so far.
#[derive(Default)]
pub(super) struct Seen {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The last of each state of the newest sessions.
    sessions: VecDeque<(String, HashMap<String, f64>)>,
    series: HashMap<Life, Series>,
    arrivals: Arrivals,
}

/// The impulses of one life that arrived.
#[derive(Default)]
struct Series {
    next: u64,
    /// Those before the next that have not arrived, with whether a session had a gap there.
    missing: BTreeMap<u64, bool>,
    session: Option<String>,
}

impl Seen {
    /// Follows a core on a thread of its own, until the core is gone.
    pub(super) fn follow(self: &Arc<Self>, core: &LocalCore, record: &Arc<Record>) {
        let (seen, record) = (Arc::clone(self), Arc::clone(record));
        let mut events = core.events();
        let runtime = Handle::current();
        thread::spawn(move || {
            loop {
                match runtime.block_on(events.recv()) {
                    Ok(event) => {
                        if let Err(what) = seen.state().take(&event) {
                            record.violation(&what);
                        }
                    }
                    Err(EventsError::Missed(count)) => record.violation(&format!(
                        "this machine is too slow for the soak: {count} events of the server were not seen"
                    )),
                    Err(_) => return,
                }
            }
        });
    }

    pub(super) fn arrivals(&self) -> Arrivals {
        self.state().arrivals
    }

    /// Which of these have not arrived yet: emitters, with the life and the number of an impulse.
    pub(super) fn awaited(&self, impulses: &BTreeMap<String, (u64, u64)>) -> usize {
        let state = self.state();
        let arrived = |(emitter, (life, number)): (&String, &(u64, u64))| {
            let series = state.series.get(&(emitter.clone(), *life));
            series.is_some_and(|series| series.next > *number)
        };
        impulses.iter().filter(|impulse| !arrived(*impulse)).count()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Takes one event; an error says what no server should see.
    fn take(&mut self, event: &StoreEvent) -> Result<(), String> {
        match event.item_type.as_str() {
            "Pulse" if event.change == Change::Set => self.pulse(event),
            DROP_TYPE if event.change == Change::Set => dropped(&event.item),
            _ => Ok(()),
        }
    }

    fn pulse(&mut self, event: &StoreEvent) -> Result<(), String> {
        // Not what the server did of its own accord.
        let Some(client) = &event.client_id else {
            return Ok(());
        };
        let (emitter, data) = (text(&event.item["emitterId"]), &event.item["data"]);
        if emitter.ends_with(":hit") {
            return match impulse(data) {
                Some((life, number)) => self.impulse(client, emitter, life, number),
                None => Ok(()),
            };
        }
        match rank(data) {
            Some(value) => self.value(client, emitter, value),
            None => Ok(()),
        }
    }

    /// Takes a value of a state.
    fn value(&mut self, client: &str, emitter: &str, value: f64) -> Result<(), String> {
        let session = self.session(client);
        match session.insert(emitter.to_owned(), value) {
            Some(before) if before > value => Err(format!(
                "the state `{emitter}` went back from {before} to {value} within a session"
            )),
            _ => Ok(()),
        }
    }

    fn session(&mut self, client: &str) -> &mut HashMap<String, f64> {
        let known = self.sessions.iter().position(|(id, _)| id == client);
        let at = known.unwrap_or_else(|| {
            if self.sessions.len() == SESSIONS {
                self.sessions.pop_front();
            }
            self.sessions.push_back((client.to_owned(), HashMap::new()));
            self.sessions.len() - 1
        });
        &mut self.sessions[at].1
    }

    fn impulse(
        &mut self,
        client: &str,
        emitter: &str,
        life: u64,
        number: u64,
    ) -> Result<(), String> {
        let series = self.series.entry((emitter.to_owned(), life)).or_default();
        let again = || format!("the impulse {number} of `{emitter}` arrived twice");
        self.arrivals.arrived += 1;
        if number < series.next {
            return match series.missing.remove(&number) {
                Some(in_session) => {
                    self.arrivals.gaps -= u64::from(in_session);
                    Ok(())
                }
                None => Err(again()),
            };
        }
        let in_session = series.session.as_deref() == Some(client);
        for missing in series.next..number {
            series.missing.insert(missing, in_session);
            self.arrivals.gaps += u64::from(in_session);
        }
        series.next = number + 1;
        series.session = Some(client.to_owned());
        Ok(())
    }
}

/// What the server dropped, unless the soak meant it to.
fn dropped(drop: &Value) -> Result<(), String> {
    let (item_type, id) = (text(&drop["itemType"]), text(&drop["itemId"]));
    let is_meant = match item_type {
        "ws:m:command-response" | "ws:m:command-error" => id.starts_with(RAW),
        // Echoes of garbage.
        other => other == "frame" || other.starts_with("ws:m:"),
    };
    match is_meant {
        true => Ok(()),
        false => Err(format!("the server dropped: {}", text(&drop["text"]))),
    }
}

/// The life and the number in the text of an impulse.
fn impulse(data: &Value) -> Option<(u64, u64)> {
    let mut words = text(data).split_whitespace().skip(1);
    Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?))
}

/// What of a state only grows: a number, or that in `turn 7`.
pub(super) fn rank(data: &Value) -> Option<f64> {
    let in_text = || text(data).split_whitespace().nth(1)?.parse().ok();
    data.as_f64().or_else(in_text)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_impulse_that_is_missing_counts_as_a_gap_only_within_a_session() {
        let mut state = State::default();
        for (client, number) in [("a", 0), ("a", 1), ("a", 4), ("b", 7), ("b", 8)] {
            assert_eq!(state.impulse(client, "unit:hit", 0, number), Ok(()));
        }
        let expected = Arrivals {
            arrived: 5,
            gaps: 2,
        };
        assert_eq!(state.arrivals, expected);
    }

    #[test]
    fn an_impulse_may_arrive_late_over_an_earlier_connection_but_not_twice() {
        let mut state = State::default();
        for (client, number) in [("a", 0), ("b", 2), ("a", 1)] {
            assert_eq!(state.impulse(client, "unit:hit", 0, number), Ok(()));
        }
        assert_eq!(state.arrivals.gaps, 0);
        let twice = state.impulse("a", "unit:hit", 0, 1);
        assert_eq!(
            twice,
            Err("the impulse 1 of `unit:hit` arrived twice".to_owned())
        );
    }

    #[test]
    fn impulses_may_go_with_their_connection_and_not_without_being_counted() {
        let arrivals = Arrivals {
            arrived: 90,
            gaps: 4,
        };
        assert_eq!(arrivals.account(100, 4), Ok(()));
        assert!(arrivals.account(100, 3).is_err());
        assert!(arrivals.account(100, 11).is_err());
    }

    #[test]
    fn a_target_that_is_added_again_counts_anew() {
        let mut state = State::default();
        assert_eq!(state.impulse("a", "unit:hit", 0, 0), Ok(()));
        assert_eq!(state.impulse("a", "unit:hit", 1, 0), Ok(()));
        assert_eq!(state.arrivals.gaps, 0);
    }

    #[test]
    fn a_state_may_go_back_from_one_session_to_another_but_not_within_one() {
        let mut state = State::default();
        for (client, value) in [("a", 1.0), ("a", 3.0), ("b", 2.0), ("b", 2.0)] {
            assert_eq!(state.value(client, "unit:level", value), Ok(()));
        }
        assert!(state.value("b", "unit:level", 1.0).is_err());
        // What is left of an earlier connection is still in its own order.
        assert!(state.value("a", "unit:level", 2.0).is_err());
    }

    #[test]
    fn numbers_are_read_out_of_texts() {
        assert_eq!(rank(&json!("turn 7 hhh")), Some(7.0));
        assert_eq!(rank(&json!(2.5)), Some(2.5));
        assert_eq!(impulse(&json!("hit 3 12 iii")), Some((3, 12)));
    }

    #[test]
    fn what_the_server_drops_is_a_violation_unless_the_soak_meant_it_to() {
        let drop = |item_type, id| json!({"itemType": item_type, "itemId": id, "text": "why"});
        assert!(dropped(&drop("Target", "unit-01")).is_err());
        assert!(dropped(&drop("ws:m:command-response", "a-command")).is_err());
        assert!(dropped(&drop("ws:m:command-response", "raw-7")).is_ok());
        assert!(dropped(&drop("frame", "")).is_ok());
    }
}
