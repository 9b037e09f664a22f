//! What a core's store should hold by what an executor is, and how it differs.

use std::collections::{BTreeMap, BTreeSet};

use rship_dev::LocalCore;
use rship_runtime::Executor;
use serde_json::Value;

/// The types of entities that make up a device, but for its values.
const TYPES: [&str; 5] = ["Instance", "Target", "TargetStatus", "Action", "Emitter"];

/// Every id of an executor's manifest, by item type.
#[must_use]
pub fn ids(executor: &Executor) -> BTreeMap<&'static str, BTreeSet<String>> {
    let mut ids: BTreeMap<_, _> = TYPES.map(|of| (of, BTreeSet::new())).into();
    let mut add = |of, id: String| ids.entry(of).or_insert_with(BTreeSet::new).insert(id);
    let manifest = executor.manifest();
    for instance in manifest["instances"].as_array().expect("an array") {
        let instance_id = text(&instance["instance"]["id"]);
        add("Instance", instance_id.clone());
        let mut targets: Vec<&Value> = members(instance, "targets").collect();
        while let Some(target) = targets.pop() {
            let id = text(&target["id"]);
            add("TargetStatus", format!("{instance_id}:{id}"));
            add("Target", id);
            for action in members(target, "actions") {
                add("Action", text(&action["id"]));
            }
            for emitter in members(target, "emitters") {
                add("Emitter", text(&emitter["id"]));
            }
            targets.extend(members(target, "targets"));
        }
    }
    ids
}

fn members<'v>(of: &'v Value, field: &str) -> impl Iterator<Item = &'v Value> {
    of[field].as_array().expect("an array").iter()
}

fn text(value: &Value) -> String {
    value.as_str().expect("a string").to_owned()
}

/// Every id of the same types in a core's store.
#[must_use]
pub fn stored(core: &LocalCore) -> BTreeMap<&'static str, BTreeSet<String>> {
    TYPES
        .map(|of| (of, core.items(of).into_keys().collect()))
        .into()
}

/// What differs between an executor's entities and a store; statuses of what is gone may stay.
#[must_use]
pub fn differences(core: &LocalCore, executor: &Executor) -> Vec<String> {
    let (here, there) = (ids(executor), stored(core));
    let mut differences = Vec::new();
    for of in TYPES {
        let missing = here[of].difference(&there[of]);
        differences.extend(missing.map(|id| format!("{of} {id} is missing")));
        let extra = there[of].difference(&here[of]);
        let extra = extra.filter(|_| of != "TargetStatus");
        differences.extend(extra.map(|id| format!("{of} {id} is still there")));
    }
    for id in &here["TargetStatus"] {
        let status = core.item("TargetStatus", id);
        if status.is_some_and(|status| status["status"] != "online") {
            differences.push(format!("TargetStatus {id} is not online"));
        }
    }
    for id in &here["Instance"] {
        let instance = core.item("Instance", id);
        if instance.is_some_and(|instance| instance["status"] != "Available") {
            differences.push(format!("Instance {id} is not available"));
        }
    }
    differences
}
