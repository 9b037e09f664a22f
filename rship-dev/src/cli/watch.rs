//! `rship-dev watch`: an emitter's pulses as they come.

use std::collections::BTreeSet;

use rship_core::wire::{Inbound, Query, QueryResponse};
use serde_json::Value;

use super::Failure;
use super::client::{Client, Items};
use super::output::{Output, remark};
use crate::near;

/// What to watch.
#[derive(Debug)]
pub(crate) struct What {
    pub(crate) emitter: String,
    pub(crate) instance: Option<String>,
    pub(crate) count: Option<u64>,
}

/// Prints the last pulse and those that follow, until Ctrl-C or the count is reached.
pub(crate) async fn run(output: Output, client: &mut Client, what: &What) -> Result<(), Failure> {
    let (_, [emitters, instances]) = client.fetch(&[], ["Emitter", "Instance"]).await?;
    if !emitters.contains_key(&what.emitter) {
        return Err(Failure::Told(no_emitter(&what.emitter, &emitters)));
    }
    if let Some(instance) = what
        .instance
        .as_ref()
        .filter(|instance| !instances.contains_key(*instance))
    {
        let near = near::names(instance, instances.keys().map(String::as_str));
        return Err(Failure::Told(format!(
            "there is no instance `{instance}`{}",
            near::did_you_mean(&near)
        )));
    }
    let query = Query::matching("Pulse").field("emitterId", what.emitter.as_str());
    let tx = client.query(&query).await?;
    let mut known = Items::new();
    let mut names = BTreeSet::new();
    let mut left = what.count.unwrap_or(u64::MAX);
    while left > 0 {
        let message = tokio::select! {
            biased;
            _ = tokio::signal::ctrl_c() => return Ok(()),
            message = client.next() => message?,
        };
        let Inbound::Found(found) = message else {
            continue;
        };
        if found.tx != tx {
            continue;
        }
        for pulse in news(&mut known, found) {
            // The filter is the server's to apply; one that does not know it sends all pulses.
            if left == 0
                || pulse["emitterId"] != what.emitter.as_str()
                || !is_of(&pulse, what, &instances)
            {
                continue;
            }
            left -= 1;
            names.insert(pulse["id"].to_string());
            output.say(|| line(&pulse, names.len() > 1), || pulse.clone())?;
        }
    }
    Ok(())
}

/// The pulses that an answer brings; of a whole one only what was not there before.
fn news(known: &mut Items, found: QueryResponse) -> Vec<Value> {
    let is_new = |(id, pulse): &&(String, Value)| !found.fresh || known.get(id) != Some(pulse);
    let fresh = found.upserts.iter().filter(is_new);
    let fresh = fresh.map(|(_, pulse)| pulse.clone()).collect();
    found.apply(known);
    fresh
}

/// Whether a pulse is of the instance that was asked for: by its id, or else by the client it came from.
fn is_of(pulse: &Value, what: &What, instances: &Items) -> bool {
    let Some(instance) = &what.instance else {
        return true;
    };
    if pulse["id"] == what.emitter.as_str() {
        let client = instances
            .get(instance)
            .map_or(&Value::Null, |instance| &instance["clientId"]);
        return client.is_null() || pulse["clientId"] == *client;
    }
    pulse["id"] == format!("{}:{instance}", what.emitter).as_str()
}

/// The data alone; once several pulse ids take turns, with the id.
fn line(pulse: &Value, several: bool) -> String {
    if several {
        format!(
            "{}  {}",
            pulse["id"].as_str().unwrap_or_default(),
            pulse["data"]
        )
    } else {
        pulse["data"].to_string()
    }
}

fn no_emitter(emitter: &str, known: &Items) -> String {
    if known.is_empty() {
        remark("no executor has registered an emitter yet");
    }
    let near = near::names(emitter, known.keys().map(String::as_str));
    format!(
        "there is no emitter `{emitter}`{}",
        near::did_you_mean(&near)
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_whole_answer_brings_only_what_changed() {
        let mut known = Items::new();
        let pulse = |data: u32| json!({"id": "e", "data": data});
        let found = |fresh, data| QueryResponse {
            tx: "q".into(),
            fresh,
            upserts: vec![("e".into(), pulse(data))],
            deletes: vec![],
        };
        assert_eq!(news(&mut known, found(true, 1)), [pulse(1)]);
        assert!(news(&mut known, found(true, 1)).is_empty());
        assert_eq!(news(&mut known, found(true, 2)), [pulse(2)]);
        assert_eq!(
            news(&mut known, found(false, 2)),
            [pulse(2)],
            "an impulse may carry the same data twice"
        );
    }

    #[test]
    fn an_instance_is_found_by_pulse_id_or_client() {
        let what = What {
            emitter: "e".into(),
            instance: Some("i".into()),
            count: None,
        };
        let instances = Items::from([("i".into(), json!({"clientId": "c"}))]);
        assert!(is_of(&json!({"id": "e:i"}), &what, &instances));
        assert!(!is_of(
            &json!({"id": "e:j", "clientId": "c"}),
            &what,
            &instances
        ));
        assert!(is_of(
            &json!({"id": "e", "clientId": "c"}),
            &what,
            &instances
        ));
        assert!(!is_of(
            &json!({"id": "e", "clientId": "d"}),
            &what,
            &instances
        ));
    }
}
