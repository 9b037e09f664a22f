//! `rship-dev watch`: an emitter's pulses as they come.

mod lines;
mod table;

use std::collections::BTreeSet;

use rship_core::wire::{Generation, Query, QueryResponse};
use serde_json::Value;

use self::table::Emitters;
use super::client::{Client, Items};
use super::output::{Output, remark};
use super::{Failure, live};
use crate::near;
use crate::pattern::matches;

/// What to watch.
#[derive(Debug)]
pub(crate) struct What {
    /// Emitters or targets, whole or as patterns.
    pub(crate) ids: Vec<String>,
    pub(crate) instance: Option<String>,
    pub(crate) count: Option<u64>,
    /// Lines, even where a table could be drawn.
    pub(crate) is_plain: bool,
}

/// The pulses that are meant.
#[derive(Debug)]
struct Filter<'a> {
    emitters: BTreeSet<String>,
    instance: Option<&'a String>,
    instances: Items,
}

impl Filter<'_> {
    /// The filter is the server's to apply; one that does not know it sends all pulses.
    fn takes(&self, pulse: &Value) -> bool {
        let emitter = pulse["emitterId"].as_str().unwrap_or_default();
        let is_of = |instance: &String| is_of(pulse, emitter, instance, &self.instances);
        self.emitters.contains(emitter) && self.instance.is_none_or(is_of)
    }
}

/// Shows the last pulse and those that follow, until somebody leaves or the count is reached. In a terminal that is
/// a table, anywhere else a line for each.
pub(crate) async fn run(output: Output, client: &mut Client, what: &What) -> Result<(), Failure> {
    let (_, [emitters, instances]) = client.fetch(&[], ["Emitter", "Instance"]).await?;
    let watched = watched(&what.ids, &emitters).map_err(Failure::Told)?;
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
    let query = match &*watched.iter().collect::<Vec<_>>() {
        [one] => Query::matching("Pulse").field("emitterId", one.as_str()),
        many if client.generation() == Generation::V2026 => {
            Query::matching("Pulse").any_of("emitterId", many.iter().map(|id| id.as_str()))
        }
        _ => Query::all("Pulse"),
    };
    let tx = client.query(&query).await?;
    let filter = Filter {
        emitters: watched,
        instance: what.instance.as_ref(),
        instances,
    };
    if what.is_plain || what.count.is_some() || !output.may_draw() {
        return lines::run(output, client, &tx, &filter, what.count).await;
    }
    let mut table = Emitters::new(tx, &filter, client.url());
    live::run(client, &mut table).await
}

/// The pulses that an answer brings; of a whole one only what was not there before.
pub(super) fn news(known: &mut Items, found: QueryResponse) -> Vec<Value> {
    let is_new = |(id, pulse): &&(String, Value)| !found.fresh || known.get(id) != Some(pulse);
    let fresh = found.upserts.iter().filter(is_new);
    let fresh = fresh.map(|(_, pulse)| pulse.clone()).collect();
    found.apply(known);
    fresh
}

/// The emitters that are meant: by their ids, or by those of their targets.
fn watched(ids: &[String], emitters: &Items) -> Result<BTreeSet<String>, String> {
    let mut all = BTreeSet::new();
    for pattern in ids {
        let of_target = |emitter: &Value| {
            let target = emitter["targetId"].as_str();
            target.is_some_and(|target| matches(pattern, target))
        };
        let meant = emitters
            .iter()
            .filter(|(id, emitter)| matches(pattern, id) || of_target(emitter));
        let mut meant = meant.map(|(id, _)| id.clone()).peekable();
        if meant.peek().is_none() {
            return Err(no_emitter(pattern, emitters));
        }
        all.extend(meant);
    }
    Ok(all)
}

/// Whether a pulse is of an instance: by its id, or else by the client it came from.
fn is_of(pulse: &Value, emitter: &str, instance: &str, instances: &Items) -> bool {
    if pulse["id"] == emitter {
        let client = instances
            .get(instance)
            .map_or(&Value::Null, |instance| &instance["clientId"]);
        return client.is_null() || pulse["clientId"] == *client;
    }
    pulse["id"] == format!("{emitter}:{instance}").as_str()
}

fn no_emitter(emitter: &str, known: &Items) -> String {
    if known.is_empty() {
        remark("no executor has registered an emitter yet");
    }
    let near = near::names(emitter, known.keys().map(String::as_str));
    format!(
        "there is no emitter `{emitter}`, and no target of that id that has one{}",
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
        let instances = Items::from([("i".into(), json!({"clientId": "c"}))]);
        assert!(is_of(&json!({"id": "e:i"}), "e", "i", &instances));
        assert!(!is_of(
            &json!({"id": "e:j", "clientId": "c"}),
            "e",
            "i",
            &instances
        ));
        assert!(is_of(
            &json!({"id": "e", "clientId": "c"}),
            "e",
            "i",
            &instances
        ));
        assert!(!is_of(
            &json!({"id": "e", "clientId": "d"}),
            "e",
            "i",
            &instances
        ));
    }

    #[test]
    fn targets_and_patterns_mean_all_their_emitters() {
        let emitter = |id: &str, target: &str| (id.to_owned(), json!({"targetId": target}));
        let emitters = Items::from([
            emitter("a:x", "a"),
            emitter("a:y", "a"),
            emitter("a.b:x", "a.b"),
        ]);
        let meant = |ids: &[&str]| {
            let ids: Vec<_> = ids.iter().map(|id| (*id).to_owned()).collect();
            watched(&ids, &emitters).map(|all| all.into_iter().collect::<Vec<_>>().join(" "))
        };
        assert_eq!(meant(&["a:x"]).unwrap(), "a:x");
        assert_eq!(meant(&["a"]).unwrap(), "a:x a:y");
        assert_eq!(meant(&["*:x", "a"]).unwrap(), "a.b:x a:x a:y");
        assert_eq!(meant(&["a*"]).unwrap(), "a.b:x a:x a:y");
        assert!(meant(&["a", "a:z"]).unwrap_err().contains("`a:z`"));
    }
}
