//! The connections as a page shows them.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rship_core::wire::Encoding;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::explained::excerpt;
use crate::server::meter::Meter;
use crate::server::shared::Shared;
use crate::speaking;
use crate::store::ClientNo;

/// How often a connection is measured while a page looks.
const PING_EVERY: Duration = Duration::from_secs(1);
/// How much of what happened is kept, and how much of one.
const EVENTS: usize = 100;
const EVENT: usize = 300;

/// What a connection is measured by.
#[derive(Debug)]
pub(crate) struct Line {
    since: u64,
    meter: Arc<Meter>,
    round: Mutex<Round>,
}

/// A ping on its way, and what the last one took.
#[derive(Debug, Default)]
struct Round {
    number: u64,
    sent: Option<Instant>,
    took: Option<Duration>,
}

/// All connections, and whether a page looks at them.
#[derive(Debug)]
pub(crate) struct Lines {
    lines: Mutex<BTreeMap<ClientNo, Arc<Line>>>,
    lookers: watch::Sender<usize>,
}

impl Default for Lines {
    fn default() -> Self {
        Self {
            lines: Mutex::default(),
            lookers: watch::Sender::new(0),
        }
    }
}

impl Line {
    fn round(&self) -> MutexGuard<'_, Round> {
        // A panic leaves numbers that are still numbers.
        self.round.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What to send as a ping now.
    pub(crate) fn ping(&self) -> Vec<u8> {
        let mut round = self.round();
        round.number += 1;
        round.sent = Some(Instant::now());
        round.number.to_be_bytes().to_vec()
    }

    /// A pong came.
    pub(crate) fn pong(&self, payload: &[u8]) {
        let mut round = self.round();
        if payload == round.number.to_be_bytes()
            && let Some(sent) = round.sent.take()
        {
            round.took = Some(sent.elapsed());
        }
    }
}

impl Lines {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<ClientNo, Arc<Line>>> {
        // A panic leaves a map that is still a map.
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection that is open now.
    pub(crate) fn open(&self, no: ClientNo, meter: &Arc<Meter>) -> Arc<Line> {
        let line = Arc::new(Line {
            since: speaking::millis(),
            meter: Arc::clone(meter),
            round: Mutex::default(),
        });
        self.lock().insert(no, Arc::clone(&line));
        line
    }

    pub(crate) fn close(&self, no: ClientNo) {
        self.lock().remove(&no);
    }

    /// Resolves when it is time for a ping: never while no page looks.
    pub(crate) async fn time_for_a_ping(&self, last: Option<Instant>) {
        let mut lookers = self.lookers.subscribe();
        if lookers.wait_for(|lookers| *lookers > 0).await.is_err() {
            std::future::pending::<()>().await;
        }
        if let Some(last) = last {
            tokio::time::sleep_until(last + PING_EVERY).await;
        }
    }

    pub(super) fn look(&self) {
        self.lookers.send_modify(|lookers| *lookers += 1);
    }

    pub(super) fn leave(&self) {
        self.lookers.send_modify(|lookers| *lookers -= 1);
    }
}

/// What happened, the newest last.
#[derive(Debug, Default)]
pub(crate) struct Happened {
    list: VecDeque<(u64, String)>,
}

impl Happened {
    pub(crate) fn add(&mut self, text: &str) {
        if self.list.len() == EVENTS {
            self.list.pop_front();
        }
        let text = excerpt(text, EVENT).into_owned();
        self.list.push_back((speaking::millis(), text));
    }
}

/// The frame that tells a page of the connections.
pub(super) fn frame(shared: &Shared) -> String {
    let lines = shared.house.lines.lock().clone();
    let metrics = shared.house.metrics();
    let (sessions, events) = shared.look(|state| {
        let instances = state.store.of_type("Instance");
        let instances: BTreeMap<_, _> = instances
            .filter_map(|(id, entry)| Some((entry.owner?, &**id)))
            .collect();
        let session = |(no, line): (&ClientNo, &Arc<Line>)| {
            let client = state.clients.get(no)?;
            let encoding = match client.encoding() {
                Encoding::Json => "json",
                Encoding::Cbor => "cbor",
            };
            let rtt = line.round().took;
            let rtt = rtt.map(|took| (took.as_secs_f64() * 1e5).round() / 1e2);
            let (came, went) = line.meter.traffic();
            Some(json!({
                "client": format!("c{no}"), "instance": instances.get(no), "since": line.since, "encoding": encoding,
                "rtt": rtt, "in": came, "out": went, "pulses": state.looks.pulses_of(*no),
                "waiting": client.waiting.bytes(),
            }))
        };
        let sessions: Vec<Value> = lines.iter().filter_map(session).collect();
        let events = state.looks.happened.list.iter();
        let events: Vec<_> = events.map(|(at, text)| json!({"at": at, "text": text})).collect();
        (sessions, events)
    });
    json!({"t": "sessions", "sessions": sessions, "events": events, "metrics": metrics}).to_string()
}
