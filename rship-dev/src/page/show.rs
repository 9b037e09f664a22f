//! The tree as a page shows it, and what of it changed.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde::Serialize;
use serde_json::{Value, json};

use super::keys;
use crate::item::Item;
use crate::natural;
use crate::server::state::State;

/// A piece of the tree has so many bytes at the most, unless one row alone has more.
const PIECE: usize = 256 << 10;

/// What a page was told of the tree.
#[derive(Debug, Default)]
pub(crate) struct Show {
    /// A hash of each row.
    told: HashMap<String, u64>,
    /// What is above each target, by key.
    parents: HashMap<String, Option<String>>,
}

/// A row of the tree.
struct Row {
    key: String,
    json: String,
}

impl Show {
    /// The frames that tell a page what changed since it was told last; the first time that is all.
    pub(crate) fn tell(&mut self, state: &State) -> Vec<String> {
        let first = self.told.is_empty();
        let grown = Grown::new(state);
        let instances = grown.instances();
        let (targets, parents) = grown.targets();
        self.parents = parents;
        let mut gone: BTreeSet<String> = self.told.keys().cloned().collect();
        let mut changed = |rows: Vec<Row>| -> Vec<String> {
            let mut changed = Vec::new();
            for row in rows {
                gone.remove(&row.key);
                let hash = hash(&row.json);
                if self.told.insert(row.key, hash) != Some(hash) {
                    changed.push(row.json);
                }
            }
            changed
        };
        let (instances, targets) = (changed(instances), changed(targets));
        for key in &gone {
            self.told.remove(key);
        }
        if instances.is_empty() && targets.is_empty() && gone.is_empty() && !first {
            return Vec::new();
        }
        pieces(first, &instances, &targets, &gone)
    }

    /// The target above one, by key.
    pub(crate) fn parent(&self, target: &str) -> Option<&String> {
        self.parents.get(target)?.as_ref()
    }
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// The rows in frames that are not too long each.
fn pieces(
    reset: bool,
    instances: &[String],
    targets: &[String],
    gone: &BTreeSet<String>,
) -> Vec<String> {
    let mut frames = Vec::new();
    let (mut instances, mut targets) = (instances.iter().peekable(), targets.iter().peekable());
    let mut gone = Some(gone).filter(|gone| !gone.is_empty());
    loop {
        let mut frame = "{\"t\":\"tree\"".to_owned();
        if reset && frames.is_empty() {
            frame.push_str(",\"reset\":true");
        }
        if let Some(gone) = gone.take() {
            frame.push_str(&format!(",\"gone\":{}", json!(gone)));
        }
        for (name, rows) in [("instances", &mut instances), ("targets", &mut targets)] {
            frame.push_str(&format!(",\"{name}\":["));
            let mut between = "";
            while let Some(row) =
                rows.next_if(|row| frame.len() + row.len() < PIECE || between.is_empty())
            {
                frame.push_str(between);
                frame.push_str(row);
                between = ",";
            }
            frame.push(']');
        }
        let last = instances.peek().is_none() && targets.peek().is_none();
        if last {
            frame.push_str(",\"complete\":true");
        }
        frame.push('}');
        frames.push(frame);
        if last {
            return frames;
        }
    }
}

/// A target as it is told.
#[derive(Serialize)]
struct TargetRow<'a> {
    k: &'a str,
    ik: Option<String>,
    parent: Option<&'a str>,
    id: &'a str,
    name: Option<Text<'a>>,
    bg: Option<Text<'a>>,
    fg: Option<Text<'a>>,
    online: bool,
    actions: usize,
    emitters: Vec<EmitterRow<'a>>,
}

/// An emitter as it is told with its target.
#[derive(Serialize)]
struct EmitterRow<'a> {
    k: String,
    id: &'a str,
    name: Option<Text<'a>>,
    unit: Option<Value>,
}

/// A text out of the store.
type Text<'a> = Cow<'a, str>;

/// The store as the tree that it describes.
struct Grown<'a> {
    state: &'a State,
    /// The targets of each instance, and whether they are online there.
    here: BTreeMap<Text<'a>, BTreeMap<Text<'a>, bool>>,
    /// What is above each target, said by it or by what is above.
    above: HashMap<String, Vec<String>>,
    actions: HashMap<Text<'a>, usize>,
    emitters: HashMap<Text<'a>, Vec<(&'a str, &'a Item)>>,
}

impl<'a> Grown<'a> {
    fn new(state: &'a State) -> Self {
        let store = &state.store;
        let mut here: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
        for (_, entry) in store.of_type("TargetStatus") {
            if let [Some(instance), Some(target), status] =
                entry.item.strings(["instanceId", "targetId", "status"])
                && store.get("Instance", &instance).is_some()
                && store.get("Target", &target).is_some()
            {
                let online = status.as_deref() == Some("online");
                here.entry(instance).or_default().insert(target, online);
            }
        }
        let mut above: HashMap<String, Vec<String>> = HashMap::new();
        for (id, entry) in store.of_type("Target") {
            for parent in texts(&entry.item, "parentTargets") {
                above.entry(id.to_string()).or_default().push(parent);
            }
            for child in texts(&entry.item, "subTargets") {
                above.entry(child).or_default().push(id.to_string());
            }
        }
        let mut actions: HashMap<_, usize> = HashMap::new();
        for (_, entry) in store.of_type("Action") {
            if let [Some(target)] = entry.item.strings(["targetId"]) {
                *actions.entry(target).or_default() += 1;
            }
        }
        let mut emitters: HashMap<_, Vec<_>> = HashMap::new();
        for (id, entry) in store.of_type("Emitter") {
            if let [Some(target)] = entry.item.strings(["targetId"]) {
                let of_target = emitters.entry(target).or_default();
                of_target.push((&**id, &entry.item));
            }
        }
        for emitters in emitters.values_mut() {
            emitters.sort_by(|(one, _), (other, _)| natural::compare(one, other));
        }
        Self {
            state,
            here,
            above,
            actions,
            emitters,
        }
    }

    fn instances(&self) -> Vec<Row> {
        let row = |id: &str, item: &Value| {
            let key = keys::of_instance(id);
            let json = json!({
                "k": key, "id": id, "service": item["serviceId"], "name": item["name"],
                "online": item["status"] != "Unavailable", "status": item["status"], "bg": item["color"],
                "fg": null, "machine": item["machineId"],
            });
            Row {
                json: json.to_string(),
                key,
            }
        };
        let instances = self.state.store.of_type("Instance");
        instances
            .map(|(id, entry)| row(id, &entry.item.value()))
            .collect()
    }

    /// The rows of all targets, and what is above each.
    fn targets(&self) -> (Vec<Row>, HashMap<String, Option<String>>) {
        let (mut rows, mut parents) = (Vec::new(), HashMap::new());
        let nowhere: BTreeMap<Text<'_>, bool> = {
            let placed: BTreeSet<&str> = self
                .here
                .values()
                .flat_map(BTreeMap::keys)
                .map(|id| &**id)
                .collect();
            let targets = self.state.store.of_type("Target");
            let ids = targets.map(|(id, _)| &**id);
            ids.filter(|id| !placed.contains(id))
                .map(|id| (id.into(), false))
                .collect()
        };
        let here = self.here.iter();
        let here = here.map(|(instance, here)| (Some(&**instance), here));
        for (instance, here) in here.chain([(None, &nowhere)]) {
            let mut ids: Vec<_> = here.iter().collect();
            ids.sort_by(|(one, _), (other, _)| natural::compare(one, other));
            for (id, online) in ids {
                let parent = self.parent(id, here);
                let parent = parent.map(|parent| keys::of_target(instance, parent));
                let row = self.target(instance, id, *online, parent.as_deref());
                parents.insert(row.key.clone(), parent);
                rows.push(row);
            }
        }
        (rows, parents)
    }

    fn target(&self, instance: Option<&str>, id: &str, online: bool, parent: Option<&str>) -> Row {
        let target = self.state.store.get("Target", id);
        let [name, bg, fg] = target.map_or([None, None, None], |entry| {
            entry.item.strings(["name", "bgColor", "fgColor"])
        });
        let emitters: Vec<_> = self
            .emitters
            .get(id)
            .into_iter()
            .flatten()
            .map(|(id, item)| {
                let [name] = item.strings(["name"]);
                let schema = item.mentions("unit").then(|| item.field("schema"));
                EmitterRow {
                    k: keys::of_emitter(instance, id),
                    id,
                    name,
                    unit: schema.flatten().map(|schema| schema["unit"].clone()),
                }
            })
            .collect();
        let key = keys::of_target(instance, id);
        let row = TargetRow {
            k: &key,
            ik: instance.map(keys::of_instance),
            parent,
            id,
            name,
            bg,
            fg,
            online,
            actions: self.actions.get(id).copied().unwrap_or_default(),
            emitters,
        };
        // What has strings for keys always has a text.
        let json = serde_json::to_string(&row).unwrap_or_default();
        Row { json, key }
    }

    /// The target under which one stands: the first above it that is here. Of targets that are each other's
    /// children, one stands under none.
    fn parent<'p>(&'p self, id: &'p str, here: &BTreeMap<Text<'_>, bool>) -> Option<&'p str> {
        let next = |id: &str| {
            let mut above = self.above.get(id)?.iter();
            above.find(|above| here.contains_key(above.as_str()))
        };
        let parent = next(id)?.as_str();
        let (mut circle, mut one) = (BTreeSet::from([id]), parent);
        loop {
            if one == id {
                return (circle.first() != Some(&id)).then_some(parent);
            }
            if !circle.insert(one) {
                return Some(parent);
            }
            match next(one) {
                Some(above) => one = above,
                None => return Some(parent),
            }
        }
    }
}

/// The texts in a list that is a field.
fn texts(item: &Item, field: &str) -> Vec<String> {
    let members = item.field(field);
    members
        .and_then(|members| serde_json::from_value(members).ok())
        .unwrap_or_default()
}
