//! All about one target.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::keys::{self, Key};
use super::show::Show;
use crate::natural;
use crate::server::state::State;

/// The frame that tells a page about a target; `None` when there is none with that key.
pub(crate) fn frame(state: &State, show: &Show, key: &str) -> Option<String> {
    let Key { instance, id, .. } = keys::read('t', key)?;
    let instance = instance.as_deref();
    let target = state.store.get("Target", &id)?.item.value();
    let online = is_online(state, instance, &id);
    let actions = of_target(state, "Action", &id);
    let emitters = of_target(state, "Emitter", &id);
    let action = |(action, item): &(&str, Value)| {
        json!({
            "k": keys::of_action(instance, action), "id": action, "name": item["name"],
            "description": item["description"], "schema": schema(item), "answer": null,
            "layout": item["schemaLayout"], "online": online,
        })
    };
    let set_by = |emitter: &str| {
        let canonical = |item: &Value| {
            item["writesTo"]["role"] == "canonical" && item["writesTo"]["emitterId"] == emitter
        };
        let (action, _) = actions.iter().find(|(_, item)| canonical(item))?;
        Some(keys::of_action(instance, action))
    };
    let emitter = |(emitter, item): &(&str, Value)| {
        json!({
            "k": keys::of_emitter(instance, emitter), "id": emitter, "name": item["name"],
            "description": item["description"], "schema": schema(item), "set_by": set_by(emitter),
        })
    };
    let document = json!({
        "t": "target", "k": key, "id": id, "name": target["name"], "path": path(state, show, key),
        "description": target["description"], "tags": target["tags"],
        "actions": actions.iter().map(action).collect::<Vec<_>>(),
        "emitters": emitters.iter().map(emitter).collect::<Vec<_>>(),
        "entity": target,
    });
    Some(document.to_string())
}

/// The names of the targets above, the topmost first.
fn path(state: &State, show: &Show, key: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut above = show.parent(key);
    // What is above was looked at for circles when the tree was made.
    while let Some(key) = above {
        let id = keys::read('t', key).map(|key| key.id).unwrap_or_default();
        let target = state.store.get("Target", &id);
        let name = target.and_then(|entry| {
            let [name] = entry.item.strings(["name"]);
            name
        });
        names.push(name.map_or_else(|| id.clone(), Cow::into_owned));
        above = show.parent(key);
    }
    names.reverse();
    names
}

fn is_online(state: &State, instance: Option<&str>, target: &str) -> bool {
    instance.is_some_and(|instance| {
        let status = state
            .store
            .get("TargetStatus", &format!("{instance}:{target}"));
        status.is_some_and(|entry| entry.item.strings(["status"]) == [Some("online".into())])
    })
}

/// The actions or emitters of a target, in the order of their ids.
fn of_target<'a>(state: &'a State, item_type: &str, target: &str) -> Vec<(&'a str, Value)> {
    let all = state.store.of_type(item_type);
    let mut own: Vec<_> = all
        .filter(|(_, entry)| {
            entry.item.mentions(target) && entry.item.strings(["targetId"]) == [Some(target.into())]
        })
        .map(|(id, entry)| (&**id, entry.item.value()))
        .collect();
    own.sort_by(|(one, _), (other, _)| natural::compare(one, other));
    own
}

/// A schema as it is meant: 2023 sends the text of one.
fn schema(item: &Value) -> Value {
    match &item["schema"] {
        Value::String(text) => serde_json::from_str(text).unwrap_or(Value::Null),
        other => other.clone(),
    }
}
