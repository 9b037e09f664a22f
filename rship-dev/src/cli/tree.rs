//! The entities of a server as the tree that they describe.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use super::arguments::{self, Argument};
use super::client::Items;
use crate::natural;
use crate::pattern::any_matches;

/// Everything a tree is made of.
#[derive(Debug, Default)]
pub(crate) struct Entities {
    pub(crate) instances: Items,
    pub(crate) targets: Items,
    pub(crate) statuses: Items,
    pub(crate) actions: Items,
    pub(crate) emitters: Items,
    pub(crate) pulses: Items,
}

/// An instance with what lives in it; without one, what lives nowhere.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename = "instance", rename_all = "camelCase")]
pub(crate) struct Instance {
    pub(crate) id: Option<String>,
    pub(crate) name: String,
    pub(crate) service_id: String,
    pub(crate) machine_id: String,
    pub(crate) status: String,
    pub(crate) targets: Vec<Target>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Target {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) status: Option<String>,
    pub(crate) actions: Vec<Action>,
    pub(crate) emitters: Vec<Emitter>,
    pub(crate) targets: Vec<Target>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Action {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) arguments: Vec<Argument>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Emitter {
    pub(crate) id: String,
    pub(crate) name: String,
    /// The data of the last pulse; `None` before the first.
    pub(crate) value: Option<Value>,
}

impl Instance {
    /// What the patterns mean of it: targets with all below them, actions and emitters, each below what it
    /// belongs to; `None` when that is nothing.
    pub(crate) fn reduced(mut self, patterns: &[String]) -> Option<Self> {
        self.targets = reduced(self.targets, patterns);
        (!self.targets.is_empty()).then_some(self)
    }
}

fn reduced(targets: Vec<Target>, patterns: &[String]) -> Vec<Target> {
    let reduce = |mut target: Target| {
        if any_matches(patterns, &target.id) {
            return Some(target);
        }
        target.actions.retain(|one| any_matches(patterns, &one.id));
        target.emitters.retain(|one| any_matches(patterns, &one.id));
        target.targets = reduced(target.targets, patterns);
        let parts = target.actions.len() + target.emitters.len() + target.targets.len();
        (parts > 0).then_some(target)
    };
    targets.into_iter().filter_map(reduce).collect()
}

/// The instances in the order of their ids, and last what no instance has a status of.
pub(crate) fn grow(entities: &Entities) -> Vec<Instance> {
    let grower = Grower::new(entities);
    let mut grown: Vec<_> = entities
        .instances
        .iter()
        .map(|(id, item)| {
            let here: BTreeMap<_, _> = entities
                .statuses
                .values()
                .filter(|status| status["instanceId"] == id.as_str())
                .filter_map(|status| {
                    Some((status["targetId"].as_str()?, status["status"].as_str()))
                })
                .collect();
            Instance {
                id: Some(id.clone()),
                name: text(item, "name"),
                service_id: text(item, "serviceId"),
                machine_id: text(item, "machineId"),
                status: text(item, "status"),
                targets: grower.roots(&here, Some((id, item))),
            }
        })
        .collect();
    grown.sort_by(|one, other| {
        let id = |instance: &Instance| instance.id.clone().unwrap_or_default();
        natural::compare(&id(one), &id(other))
    });
    let placed: BTreeSet<_> = entities
        .statuses
        .values()
        .filter(|status| {
            status["instanceId"]
                .as_str()
                .is_some_and(|id| entities.instances.contains_key(id))
        })
        .filter_map(|status| status["targetId"].as_str())
        .collect();
    let nowhere: BTreeMap<_, _> = entities
        .targets
        .keys()
        .filter(|id| !placed.contains(id.as_str()))
        .map(|id| (id.as_str(), None))
        .collect();
    if !nowhere.is_empty() {
        let targets = grower.roots(&nowhere, None);
        let [name, service_id, machine_id, status] = Default::default();
        grown.push(Instance {
            id: None,
            name,
            service_id,
            machine_id,
            status,
            targets,
        });
    }
    grown
}

/// The targets of one instance, with their status there.
type Here<'a> = BTreeMap<&'a str, Option<&'a str>>;

struct Grower<'a> {
    entities: &'a Entities,
    /// The children of each target, said by themselves (`parentTargets`) or by it (`subTargets`).
    children: BTreeMap<&'a str, BTreeSet<&'a str>>,
    actions: BTreeMap<&'a str, Vec<&'a Value>>,
    emitters: BTreeMap<&'a str, Vec<&'a Value>>,
    pulses: BTreeMap<&'a str, Vec<&'a Value>>,
}

impl<'a> Grower<'a> {
    fn new(entities: &'a Entities) -> Self {
        let mut children: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for (id, target) in &entities.targets {
            for parent in texts(&target["parentTargets"]) {
                children.entry(parent).or_default().insert(id.as_str());
            }
            for child in texts(&target["subTargets"]) {
                children.entry(id.as_str()).or_default().insert(child);
            }
        }
        Self {
            entities,
            children,
            actions: by(&entities.actions, "targetId"),
            emitters: by(&entities.emitters, "targetId"),
            pulses: by(&entities.pulses, "emitterId"),
        }
    }

    /// The targets that no other one here has for a child, grown.
    fn roots(&self, here: &Here<'a>, instance: Option<(&str, &Value)>) -> Vec<Target> {
        let inner: BTreeSet<_> = here
            .keys()
            .filter_map(|id| self.children.get(id))
            .flatten()
            .copied()
            .collect();
        let mut seen = BTreeSet::new();
        let mut roots: Vec<_> = here
            .keys()
            .filter(|id| !inner.contains(*id))
            .map(|id| self.target(id, here, instance, &mut Vec::new(), &mut seen))
            .collect();
        // Targets that are each other's children have no root: they are shown all the same.
        for id in here.keys() {
            if !seen.contains(id) {
                roots.push(self.target(id, here, instance, &mut Vec::new(), &mut seen));
            }
        }
        roots.sort_by(|one, other| natural::compare(&one.id, &other.id));
        roots
    }

    fn target(
        &self,
        id: &'a str,
        here: &Here<'a>,
        instance: Option<(&str, &Value)>,
        above: &mut Vec<&'a str>,
        seen: &mut BTreeSet<&'a str>,
    ) -> Target {
        seen.insert(id);
        above.push(id);
        let children = self.children.get(id).into_iter().flatten();
        let mut children: Vec<_> = children
            .filter(|child| here.contains_key(*child) && !above.contains(child))
            .copied()
            .collect();
        children.sort_by(|one, other| natural::compare(one, other));
        let targets = children
            .into_iter()
            .map(|child| self.target(child, here, instance, above, seen))
            .collect();
        above.pop();
        let actions = self
            .actions
            .get(id)
            .into_iter()
            .flatten()
            .map(|action| Action {
                id: text(action, "id"),
                name: text(action, "name"),
                arguments: arguments::of(&action["schema"], &action["schemaLayout"]),
            });
        let emitters = self.emitters.get(id).into_iter().flatten().map(|emitter| {
            let emitter_id = text(emitter, "id");
            let value = self.last(&emitter_id, instance);
            Emitter {
                name: text(emitter, "name"),
                value,
                id: emitter_id,
            }
        });
        Target {
            id: id.to_owned(),
            name: self
                .entities
                .targets
                .get(id)
                .map(|target| text(target, "name"))
                .unwrap_or_default(),
            status: here.get(id).copied().flatten().map(ToOwned::to_owned),
            actions: actions.collect(),
            emitters: emitters.collect(),
            targets,
        }
    }

    /// The last value of an emitter in an instance: the pulse that names the instance, or one of its client.
    fn last(&self, emitter: &str, instance: Option<(&str, &Value)>) -> Option<Value> {
        let pulses = self.pulses.get(emitter)?;
        let pulse = match instance {
            Some((id, item)) => {
                let own = format!("{emitter}:{id}");
                let shared = |pulse: &&&Value| pulse["id"] == emitter;
                let client = |pulse: &&&Value| {
                    item["clientId"].is_string() && pulse["clientId"] == item["clientId"]
                };
                pulses
                    .iter()
                    .find(|pulse| pulse["id"] == own.as_str())
                    .or_else(|| pulses.iter().filter(shared).find(client))
                    .or_else(|| pulses.iter().find(shared))
            }
            None => pulses.first(),
        };
        pulse.map(|pulse| pulse["data"].clone())
    }
}

fn by<'a>(items: &'a Items, field: &str) -> BTreeMap<&'a str, Vec<&'a Value>> {
    let mut grouped: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for item in items.values() {
        if let Some(key) = item[field].as_str() {
            grouped.entry(key).or_default().push(item);
        }
    }
    let id = |item: &Value| text(item, "id");
    for items in grouped.values_mut() {
        items.sort_by(|one, other| natural::compare(&id(one), &id(other)));
    }
    grouped
}

fn text(item: &Value, field: &str) -> String {
    item[field].as_str().unwrap_or_default().to_owned()
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn items(list: Vec<Value>) -> Items {
        list.into_iter()
            .map(|item| (text(&item, "id"), item))
            .collect()
    }

    fn ids(targets: &[Target]) -> Vec<String> {
        targets
            .iter()
            .flat_map(|target| [vec![target.id.clone()], ids(&target.targets)].concat())
            .collect()
    }

    fn entities(targets: Vec<Value>, online: &[(&str, &str)]) -> Entities {
        let statuses = online.iter().map(|(instance, target)| {
            json!({"id": format!("{instance}:{target}"), "instanceId": instance, "targetId": target, "status": "online"})
        });
        let instances = online
            .iter()
            .map(|(instance, _)| json!({"id": instance, "name": instance, "status": "Available"}));
        Entities {
            instances: items(instances.collect()),
            statuses: items(statuses.collect()),
            targets: items(targets),
            ..Entities::default()
        }
    }

    #[test]
    fn children_are_found_from_both_sides() {
        let down = vec![json!({"id": "a", "subTargets": ["b"]}), json!({"id": "b"})];
        let up = vec![
            json!({"id": "a"}),
            json!({"id": "b", "parentTargets": ["a"]}),
        ];
        for targets in [down, up] {
            let grown = grow(&entities(targets, &[("i", "a"), ("i", "b")]));
            assert_eq!(grown.len(), 1);
            assert_eq!(
                (grown[0].targets.len(), ids(&grown[0].targets)),
                (1, vec!["a".to_owned(), "b".to_owned()])
            );
        }
    }

    #[test]
    fn members_are_in_the_order_of_their_numbers() {
        let member = |number: u32| json!({"id": format!("t.{number}"), "parentTargets": ["t"]});
        let targets = vec![json!({"id": "t"}), member(10), member(2), member(1)];
        let here = ["t", "t.10", "t.2", "t.1"].map(|id| ("i-10", id));
        let mut all = entities(targets, &[&here[..], &[("i-2", "t")]].concat());
        let emitter = |number: u32| json!({"id": format!("t:{number}"), "targetId": "t"});
        all.emitters = items(vec![emitter(10), emitter(9)]);
        let grown = grow(&all);
        assert_eq!(ids(&grown[1].targets), ["t", "t.1", "t.2", "t.10"]);
        assert_eq!(grown[0].id.as_deref(), Some("i-2"));
        assert_eq!(grown[1].targets[0].emitters[0].id, "t:9");
    }

    #[test]
    fn a_pattern_leaves_what_it_means_below_what_that_belongs_to() {
        let child = |id: &str, parent: &str| json!({"id": id, "parentTargets": [parent]});
        let targets = vec![
            json!({"id": "a"}),
            child("a.b", "a"),
            child("a.b.c", "a.b"),
            json!({"id": "d"}),
        ];
        let mut all = entities(targets, &["a", "a.b", "a.b.c", "d"].map(|id| ("i", id)));
        let emitter = |id: &str, target: &str| json!({"id": id, "targetId": target});
        all.emitters = items(vec![emitter("a:e", "a"), emitter("a.b.c:e", "a.b.c")]);
        let seen = |pattern: &str| {
            let patterns = [pattern.to_owned()];
            let left = grow(&all).remove(0).reduced(&patterns)?;
            let own = left.targets[0].emitters.len();
            Some((ids(&left.targets), own))
        };
        let all_of =
            |ids: &[&str], own| Some((ids.iter().map(|id| (*id).to_owned()).collect(), own));
        assert_eq!(seen("a.b"), all_of(&["a", "a.b", "a.b.c"], 0));
        assert_eq!(seen("*.c"), all_of(&["a", "a.b", "a.b.c"], 0));
        assert_eq!(seen("a:*"), all_of(&["a"], 1));
        assert_eq!(seen("d"), all_of(&["d"], 0));
        assert_eq!(seen("e"), None);
    }

    #[test]
    fn a_child_whose_parent_is_not_here_is_a_root() {
        let targets = vec![
            json!({"id": "a"}),
            json!({"id": "b", "parentTargets": ["a"]}),
        ];
        let grown = grow(&entities(targets, &[("i", "b")]));
        assert_eq!(ids(&grown[0].targets), ["b"]);
        assert_eq!(
            (grown[1].id.as_deref(), ids(&grown[1].targets)),
            (None, vec!["a".to_owned()])
        );
    }

    #[test]
    fn a_cycle_of_parents_is_shown_once() {
        let targets = vec![
            json!({"id": "a", "parentTargets": ["b"]}),
            json!({"id": "b", "parentTargets": ["a"]}),
        ];
        let grown = grow(&entities(targets, &[("i", "a"), ("i", "b")]));
        assert_eq!(ids(&grown[0].targets), ["a", "b"]);
    }

    #[test]
    fn each_instance_shows_its_own_last_value() {
        let mut all = entities(vec![json!({"id": "t"})], &[("i", "t"), ("j", "t")]);
        all.emitters = items(vec![json!({"id": "t:e", "name": "E", "targetId": "t"})]);
        let value = |all: &Entities, at: usize| grow(all)[at].targets[0].emitters[0].value.clone();
        assert_eq!(value(&all, 0), None);
        all.pulses = items(vec![json!({"id": "t:e", "emitterId": "t:e", "data": 0})]);
        assert_eq!(
            (value(&all, 0), value(&all, 1)),
            (Some(json!(0)), Some(json!(0)))
        );
        all.pulses.extend(items(vec![
            json!({"id": "t:e:i", "emitterId": "t:e", "data": 1}),
            json!({"id": "t:e:j", "emitterId": "t:e", "data": null}),
        ]));
        assert_eq!(
            (value(&all, 0), value(&all, 1)),
            (Some(json!(1)), Some(Value::Null))
        );
    }
}
