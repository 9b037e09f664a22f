//! What the server saw, judged as it comes: in one session no state goes back, and impulses come in order and once.

use std::collections::{BTreeMap, HashMap};

use rship_dev::{Change, EventsError, LocalCore, StoreEvent};
use serde_json::Value;
use tokio::task::JoinHandle;

/// A follower of the core's store.
pub(crate) struct Seen(JoinHandle<Result<(), String>>);

impl Seen {
    pub(crate) fn by(core: &LocalCore) -> Self {
        let mut events = core.events();
        Self(tokio::spawn(async move {
            let mut last = HashMap::new();
            loop {
                match events.recv().await {
                    Ok(event) => judge(&mut last, &event)?,
                    Err(EventsError::Missed(missed)) => {
                        return Err(format!("{missed} events were not looked at"));
                    }
                    Err(_) => return Ok(()),
                }
            }
        }))
    }

    /// What was wrong, once the core is gone.
    pub(crate) async fn verdict(self) -> Result<(), String> {
        rship_tests::within("the last event", self.0)
            .await
            .expect("no panic")
    }
}

fn judge(last: &mut HashMap<(String, String), u64>, event: &StoreEvent) -> Result<(), String> {
    let (Some(client), Change::Set, "Pulse") =
        (&event.client_id, event.change, event.item_type.as_str())
    else {
        return Ok(());
    };
    let emitter = event.item["emitterId"].as_str().unwrap_or_default();
    let Some(value) = event.item["data"].as_u64() else {
        return Err(format!("{emitter} is {}", event.item["data"]));
    };
    let before = last.insert((client.clone(), emitter.to_owned()), value);
    let is_impulse = emitter.ends_with(":step");
    match before {
        Some(before) if value < before || (is_impulse && value == before) => Err(format!(
            "{emitter} was {before} and then {value} in the session of {client}"
        )),
        _ => Ok(()),
    }
}

/// How often each command was answered, by `tx`.
pub(crate) fn answers(core: &LocalCore) -> BTreeMap<String, usize> {
    let mut answers = BTreeMap::new();
    for frame in core.frames() {
        if !frame.contains("ws:m:command-") {
            continue;
        }
        let frame: Value = serde_json::from_str(&frame).expect("JSON");
        let tx = frame["data"]["tx"].as_str().expect("a tx").to_owned();
        *answers.entry(tx).or_default() += 1;
    }
    answers
}
