//! States that can be set as they were: an emitter, the action that takes what it publishes, and the last value.

use serde_json::Value;

use super::Failure;
use super::client::{Client, Items};
use super::ls;
use super::tree::{self, Entities, Target};

/// A state that can be set.
#[derive(Debug)]
pub(super) struct Settable {
    pub(super) instance: String,
    pub(super) emitter: String,
    /// The action that sets it, as the server knows it.
    pub(super) action: Value,
    /// Whether its target is online in that instance.
    pub(super) is_online: bool,
    /// `None` before the first pulse.
    pub(super) value: Option<Value>,
}

/// All that the server has, or of it what the patterns mean, as `ls` takes them; in the order of the tree, and
/// those of one target as the device has them.
pub(super) async fn fetch(
    client: &mut Client,
    patterns: &[String],
) -> Result<Vec<Settable>, Failure> {
    let entities = ls::fetch(client).await?.1;
    let grown = ls::of_patterns(tree::grow(&entities), patterns, &entities)?;
    let mut all = Vec::new();
    for instance in grown {
        let Some(id) = instance.id else { continue };
        for target in &instance.targets {
            collect(&entities, &id, target, &mut all);
        }
    }
    Ok(all)
}

fn collect(entities: &Entities, instance: &str, target: &Target, all: &mut Vec<Settable>) {
    let known = entities.targets.get(&target.id);
    let order = known.and_then(|target| target["emitterIds"].as_array());
    let place = |emitter: &str| {
        let mut order = order.into_iter().flatten();
        order.position(|id| id == emitter)
    };
    let mut emitters: Vec<_> = target.emitters.iter().collect();
    emitters.sort_by_key(|emitter| place(&emitter.id));
    for emitter in emitters {
        if let Some(action) = setter(&entities.actions, &target.id, &emitter.id) {
            all.push(Settable {
                instance: instance.to_owned(),
                emitter: emitter.id.clone(),
                action: action.clone(),
                is_online: target.status.as_deref() == Some("online"),
                value: emitter.value.clone(),
            });
        }
    }
    for below in &target.targets {
        collect(entities, instance, below, all);
    }
}

/// The action that takes what an emitter publishes. Servers before 2026 need not know which that is; there it is
/// the one of this name.
fn setter<'a>(actions: &'a Items, target: &str, emitter: &str) -> Option<&'a Value> {
    let says = |action: &&Value| {
        let writes = &action["writesTo"];
        writes["role"] == "canonical" && writes["emitterId"] == emitter
    };
    let of_target = |action: &&Value| action["targetId"] == target;
    let said = actions.values().filter(of_target).find(says);
    said.or_else(|| {
        let own = emitter.strip_prefix(target)?.strip_prefix(':')?;
        let named = actions.get(&format!("{target}:set-{own}"))?;
        named["writesTo"].is_null().then_some(named)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_setter_is_what_says_so_and_else_what_is_named_like_one() {
        let action = |id: &str, writes: Value| {
            let item = json!({"id": id, "targetId": "t", "writesTo": writes});
            (id.to_owned(), item)
        };
        let writes = |emitter: &str, role: &str| json!({"emitterId": emitter, "role": role});
        let actions = Items::from([
            action("t:move", writes("t:level", "canonical")),
            action("t:set-level", writes("t:level", "aux")),
            action("t:set-name", Value::Null),
            action("t:set-other", writes("t:level", "aux")),
        ]);
        let found = |emitter| setter(&actions, "t", emitter).map(|action| action["id"].clone());
        assert_eq!(found("t:level"), Some(json!("t:move")));
        assert_eq!(found("t:name"), Some(json!("t:set-name")));
        assert_eq!(found("t:other"), None);
        assert_eq!(found("t:none"), None);
    }
}
