//! What the server's store has, beside what it should have.

use std::collections::{BTreeMap, BTreeSet};

use rship_dev::LocalCore;
use rship_runtime::{Generation, Item as _};
use serde_json::{Value, json};

use super::device::{INSTANCE, Note};
use super::orders::Look;
use super::seen::rank;

/// Differences that are named; the others are only counted.
const NAMED: usize = 5;

/// How a value of the store stands to the one that the device was seen to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Values {
    /// It must be the same: nothing changes.
    Equal,
    /// It must be the same or a later one: states of the soak only grow, and go on doing so.
    Reached,
}

/// What differs, each in a few words; `notes` are the items that should be published.
pub(super) fn differences(
    core: &LocalCore,
    look: &Look,
    notes: &BTreeMap<String, String>,
    values: Values,
) -> Vec<String> {
    if !look.online {
        return vec!["the device is not online".to_owned()];
    }
    let mut found = Vec::new();
    let mut targets = BTreeMap::new();
    let mut members = [BTreeMap::new(), BTreeMap::new()];
    for target in manifest_targets(&look.manifest) {
        for (kind, all) in ["actions", "emitters"].into_iter().zip(&mut members) {
            for member in target[kind].as_array().into_iter().flatten() {
                all.insert(text(&member["id"]), text(&member["name"]));
            }
        }
        targets.insert(text(&target["id"]), text(&target["name"]));
    }
    if !targets.keys().eq(look.values.keys()) {
        found.push("the manifest does not have the targets that were added".to_owned());
    }
    let [actions, emitters] = members;
    for (item_type, expected) in [
        ("Target", &targets),
        ("Action", &actions),
        ("Emitter", &emitters),
    ] {
        compare(
            item_type,
            expected,
            &names(core, item_type, "name"),
            &mut found,
        );
    }
    let online = targets.keys().map(|id| (id.clone(), "online".to_owned()));
    let statuses = core.items("TargetStatus");
    let statuses = statuses
        .values()
        .filter(|status| status["instanceId"] == INSTANCE);
    let statuses = statuses
        // A target that was removed may leave a status behind that says so.
        .filter(|status| {
            status["status"] != "offline" || targets.contains_key(&text(&status["targetId"]))
        })
        .map(|status| (text(&status["targetId"]), text(&status["status"])));
    compare("status", &online.collect(), &statuses.collect(), &mut found);

    let mut states = BTreeMap::new();
    for (id, values) in &look.values {
        states.insert(format!("{id}:level"), json!(values.level));
        states.insert(format!("{id}:count"), json!(values.count));
        states.insert(format!("{id}:text"), json!(values.text));
    }
    let pulses: BTreeMap<_, _> = core
        .items("Pulse")
        .into_iter()
        .filter(|(_, pulse)| !text(&pulse["emitterId"]).ends_with(":hit"))
        .map(|(id, pulse)| (id, pulse["data"].clone()))
        .collect();
    let of_instance = core.generation() == Generation::V2026;
    let states = states.into_iter().map(|(id, value)| match of_instance {
        true => (format!("{id}:{INSTANCE}"), value),
        false => (id, value),
    });
    // One that was reached counts as the same.
    let states = states.map(|(id, value)| match pulses.get(&id) {
        Some(stored) if values == Values::Reached && is_reached(&value, stored) => {
            (id, stored.clone())
        }
        _ => (id, value),
    });
    compare("value", &states.collect(), &pulses, &mut found);
    compare(
        Note::TYPE,
        notes,
        &names(core, Note::TYPE, "text"),
        &mut found,
    );

    let instance = core.item("Instance", INSTANCE).unwrap_or_default();
    if instance["status"] != "Available" {
        found.push(format!("the instance is {}", instance["status"]));
    }
    found
}

fn is_reached(value: &Value, stored: &Value) -> bool {
    let pair = rank(value).zip(rank(stored));
    pair.is_some_and(|(value, stored)| stored >= value)
}

/// The first of them, and how many there are.
pub(super) fn summary(differences: &[String]) -> String {
    let named = differences.iter().take(NAMED).map(String::as_str);
    let named = named.collect::<Vec<_>>().join("; ");
    match differences.len().checked_sub(NAMED) {
        None | Some(0) => named,
        Some(more) => format!("{named}; and {more} more"),
    }
}

fn compare<T: PartialEq + std::fmt::Debug>(
    what: &str,
    expected: &BTreeMap<String, T>,
    stored: &BTreeMap<String, T>,
    found: &mut Vec<String>,
) {
    let ids: BTreeSet<_> = expected.keys().chain(stored.keys()).collect();
    for id in ids {
        let sides = match (expected.get(id), stored.get(id)) {
            (Some(own), Some(other)) if own != other => {
                format!("should be {} and is {}", short(own), short(other))
            }
            (Some(_), None) => "is missing".to_owned(),
            (None, Some(_)) => "should not be there".to_owned(),
            _ => continue,
        };
        found.push(format!("{what} `{id}` {sides}"));
    }
}

fn short(value: &impl std::fmt::Debug) -> String {
    format!("{value:?}").chars().take(40).collect()
}

fn names(core: &LocalCore, item_type: &str, field: &str) -> BTreeMap<String, String> {
    let items = core.items(item_type).into_iter();
    items.map(|(id, item)| (id, text(&item[field]))).collect()
}

fn manifest_targets(manifest: &Value) -> Vec<&Value> {
    let instances = manifest["instances"].as_array().into_iter().flatten();
    instances
        .filter_map(|instance| instance["targets"].as_array())
        .flatten()
        .collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_reached_when_the_store_has_it_or_a_later_one() {
        assert!(is_reached(&json!(3), &json!(3)));
        assert!(is_reached(&json!("turn 3 "), &json!("turn 11 ")));
        assert!(!is_reached(&json!(3), &json!(2.875)));
        assert!(!is_reached(&json!(3), &Value::Null));
    }

    #[test]
    fn a_summary_names_the_first_and_counts_the_others() {
        let all: Vec<_> = (0..7).map(|number| number.to_string()).collect();
        assert_eq!(summary(&all), "0; 1; 2; 3; 4; and 2 more");
        assert_eq!(summary(&all[..2]), "0; 1");
    }
}
