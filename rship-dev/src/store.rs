//! The last state of every entity.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::item::Item;
use crate::reading::plain::Pulse;

/// What an event does to an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Change {
    /// The entity is now as the event says.
    Set,
    /// The entity is gone.
    Del,
}

/// Something that happened to the store.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct StoreEvent {
    /// Whether the entity was set or deleted.
    pub change: Change,
    /// The entity's type.
    pub item_type: String,
    /// The entity's id.
    pub id: String,
    /// The entity as it is now, for a deletion as it was last.
    pub item: Value,
    /// The client that sent it; `None` for what the server did by itself.
    pub client_id: Option<String>,
    /// The content was there already; it was sent again.
    pub unchanged: bool,
}

/// A connection, by number.
pub(crate) type ClientNo = u64;

/// An entity and where it came from.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) item: Item,
    /// The connection that set it last, as long as it is open.
    pub(crate) owner: Option<ClientNo>,
    /// The hash that decides whether watchers are told, where it is not the one of the item; see [`hash_of`].
    hash: Option<Box<str>>,
    /// What it takes in memory, roughly.
    pub(crate) weight: usize,
}

impl Entry {
    pub(crate) fn new(id: &str, item: Item, owner: Option<ClientNo>) -> Self {
        Self {
            weight: weight_of(id, item.text().len()),
            item,
            owner,
            hash: None,
        }
    }

    pub(crate) fn with_hash(self, hash: impl Into<Box<str>>) -> Self {
        let hash = Some(hash.into());
        Self { hash, ..self }
    }

    /// Its emitter's next value takes its place.
    pub(crate) fn replace(
        &mut self,
        pulse: &Pulse<'_>,
        stamp: Option<&str>,
        from: ClientNo,
        hash: Option<&str>,
    ) {
        self.item.become_pulse(pulse, stamp);
        self.owner = Some(from);
        self.hash = hash.map(Into::into);
    }

    /// The hash that decides whether watchers are told.
    pub(crate) fn hash(&self) -> Cow<'_, str> {
        match &self.hash {
            Some(hash) => Cow::Borrowed(hash),
            None => Cow::Owned(hash_of(&self.item.fields())),
        }
    }
}

/// All that a core had stored, for one that takes its place: see [`Builder::entities`](crate::Builder::entities).
#[derive(Debug, Clone)]
pub struct Entities {
    pub(crate) store: Store,
    /// The number of the next connection, so that none of the old ones' is given again.
    pub(crate) next_client: ClientNo,
}

impl Default for Entities {
    fn default() -> Self {
        Self {
            store: Store::default(),
            next_client: 1,
        }
    }
}

/// All entities by type and id.
#[derive(Debug, Default, Clone)]
pub(crate) struct Store {
    types: BTreeMap<String, BTreeMap<Arc<str>, Entry>>,
    count: usize,
    /// What all of them take in memory, roughly.
    weight: usize,
}

/// Whether the core alone writes entities of this type.
pub(crate) fn is_own(item_type: &str) -> bool {
    item_type.starts_with("rship-dev:")
}

/// What an entity whose item has so much text takes in memory, roughly.
pub(crate) fn weight_of(id: &str, text: usize) -> usize {
    /// Its place in the store, its hash, and the type that it may be the only one of.
    const PLACE: usize = 512;
    PLACE + id.len() + text
}

impl Store {
    pub(crate) fn get(&self, item_type: &str, id: &str) -> Option<&Entry> {
        self.types.get(item_type)?.get(id)
    }

    /// The same, with the id as the store has it.
    pub(crate) fn get_key_value(&self, item_type: &str, id: &str) -> Option<(&Arc<str>, &Entry)> {
        self.types.get(item_type)?.get_key_value(id)
    }

    pub(crate) fn get_mut(&mut self, item_type: &str, id: &str) -> Option<&mut Entry> {
        self.types.get_mut(item_type)?.get_mut(id)
    }

    pub(crate) fn insert(&mut self, item_type: &str, id: &str, mut entry: Entry) {
        let counts = usize::from(!is_own(item_type));
        // What the core writes itself is bounded where it comes from, and takes no room from others.
        entry.weight *= counts;
        let weight = entry.weight;
        let items = self.types.entry(item_type.to_owned()).or_default();
        let old = match items.get_mut(id) {
            Some(known) => Some(std::mem::replace(known, entry)),
            None => items.insert(id.into(), entry),
        };
        self.weight += weight;
        match old {
            Some(old) => self.weight = self.weight.saturating_sub(old.weight),
            None => self.count += counts,
        }
    }

    /// The entity that is there, counted as one of this weight from now on; nothing when there is none, or when all
    /// would take more than `most` then.
    pub(crate) fn replaceable(
        &mut self,
        item_type: &str,
        id: &str,
        weight: usize,
        most: usize,
    ) -> Option<&mut Entry> {
        let entry = self.types.get_mut(item_type)?.get_mut(id)?;
        let all = self.weight - entry.weight + weight;
        if all > most {
            return None;
        }
        self.weight = all;
        entry.weight = weight;
        Some(entry)
    }

    pub(crate) fn remove(&mut self, item_type: &str, id: &str) -> Option<Entry> {
        let items = self.types.get_mut(item_type)?;
        let removed = items.remove(id)?;
        if items.is_empty() {
            self.types.remove(item_type);
        }
        self.count -= usize::from(!is_own(item_type));
        self.weight = self.weight.saturating_sub(removed.weight);
        Some(removed)
    }

    /// How many entities there are, those of others.
    pub(crate) const fn count(&self) -> usize {
        self.count
    }

    /// What they take in memory, roughly.
    pub(crate) const fn weight(&self) -> usize {
        self.weight
    }

    /// The same after the end of all connections.
    pub(crate) fn without_owners(&self) -> Self {
        let mut store = self.clone();
        for entry in store.types.values_mut().flat_map(BTreeMap::values_mut) {
            entry.owner = None;
        }
        store
    }

    /// The entities of one type in the order of their ids.
    pub(crate) fn of_type<'a>(
        &'a self,
        item_type: &str,
    ) -> impl Iterator<Item = (&'a Arc<str>, &'a Entry)> + use<'a> {
        self.types.get(item_type).into_iter().flatten()
    }

    /// The types that have an entity.
    pub(crate) fn types(&self) -> impl Iterator<Item = &str> {
        self.types.keys().map(String::as_str)
    }
}

/// The `hash` of an entity, or when it has none, one over all other fields.
pub(crate) fn hash_of(item: &Map<String, Value>) -> String {
    match item.get("hash") {
        None | Some(Value::Null) => content_hash(item),
        Some(Value::String(hash)) => hash.clone(),
        Some(other) => other.to_string(),
    }
}

/// A hash over everything but `hash`, blind to the order of fields.
pub(crate) fn content_hash(item: &Map<String, Value>) -> String {
    let mut hasher = DefaultHasher::new();
    hash_fields(item, &mut hasher, |name| name != "hash");
    format!("{:016x}", hasher.finish())
}

/// Whether two entities differ at most in `hash`, and in when it was they were last told: executors leave that out of
/// the hash, so that nobody is shown a target that did not change.
pub(crate) fn same_content(one: &Map<String, Value>, other: &Map<String, Value>) -> bool {
    let content = |item: &Map<String, Value>| -> BTreeMap<String, Value> {
        item.iter()
            .filter(|(name, _)| !matches!(name.as_str(), "hash" | "lastUpdated"))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    };
    content(one) == content(other)
}

fn hash_fields(
    fields: &Map<String, Value>,
    hasher: &mut DefaultHasher,
    counts: impl Fn(&str) -> bool,
) {
    let sorted: BTreeMap<_, _> = fields.iter().filter(|(name, _)| counts(name)).collect();
    sorted.len().hash(hasher);
    for (name, value) in sorted {
        name.hash(hasher);
        hash_value(value, hasher);
    }
}

fn hash_value(value: &Value, hasher: &mut DefaultHasher) {
    match value {
        Value::Object(fields) => hash_fields(fields, hasher, |_| true),
        Value::Array(members) => {
            members.len().hash(hasher);
            for member in members {
                hash_value(member, hasher);
            }
        }
        plain => plain.to_string().hash(hasher),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn the_computed_hash_covers_all_fields_but_itself() {
        let plain = object(json!({"id": "a", "data": {"x": [1, 2], "y": null}}));
        let turned = object(json!({"data": {"y": null, "x": [1, 2]}, "id": "a"}));
        assert_eq!(hash_of(&plain), hash_of(&turned));
        assert_ne!(
            hash_of(&plain),
            hash_of(&object(
                json!({"id": "a", "data": {"x": [2, 1], "y": null}})
            ))
        );
        let named = object(json!({"id": "a", "hash": "h", "data": {"x": [1, 2], "y": null}}));
        assert_eq!(hash_of(&named), "h");
        assert_eq!(content_hash(&named), content_hash(&plain));
        assert!(same_content(&named, &plain));
    }

    #[test]
    fn a_type_without_entities_is_not_listed() {
        let mut store = Store::default();
        let entry = || Entry::new("t", Item::new(&Map::new()), None);
        store.insert("Target", "t", entry());
        assert_eq!(store.types().collect::<Vec<_>>(), ["Target"]);
        store.remove("Target", "t");
        assert_eq!(store.types().count(), 0);
        assert!(store.get("Target", "t").is_none());
    }

    #[test]
    fn the_weight_of_a_store_is_that_of_its_entities() {
        let mut store = Store::default();
        let entry = |data: &str| {
            let item = object(json!({ "data": data }));
            Entry::new("t", Item::new(&item), None)
        };
        store.insert("Target", "t", entry("a"));
        let small = store.weight();
        store.insert("Target", "t", entry(&"a".repeat(1001)));
        assert_eq!((store.count(), store.weight()), (1, small + 1000));
        store.insert("Action", "t", entry("a"));
        assert_eq!((store.count(), store.weight()), (2, 2 * small + 1000));
        store.remove("Target", "t");
        assert_eq!((store.count(), store.weight()), (1, small));
        store.remove("Target", "t");
        store.remove("Action", "t");
        assert_eq!((store.count(), store.weight()), (0, 0));
    }
}
