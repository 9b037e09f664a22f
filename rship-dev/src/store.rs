//! The last state of every entity.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::Serialize;
use serde_json::{Map, Value};

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
    pub(crate) item: Value,
    /// The connection that set it last, as long as it is open.
    pub(crate) owner: Option<ClientNo>,
    /// The hash that decides whether watchers are told; see [`hash_of`].
    pub(crate) hash: String,
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
    types: BTreeMap<String, BTreeMap<String, Entry>>,
}

impl Store {
    pub(crate) fn get(&self, item_type: &str, id: &str) -> Option<&Entry> {
        self.types.get(item_type)?.get(id)
    }

    pub(crate) fn get_mut(&mut self, item_type: &str, id: &str) -> Option<&mut Entry> {
        self.types.get_mut(item_type)?.get_mut(id)
    }

    pub(crate) fn insert(&mut self, item_type: &str, id: &str, entry: Entry) {
        self.types
            .entry(item_type.to_owned())
            .or_default()
            .insert(id.to_owned(), entry);
    }

    pub(crate) fn remove(&mut self, item_type: &str, id: &str) -> Option<Entry> {
        self.types.get_mut(item_type)?.remove(id)
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
    ) -> impl Iterator<Item = (&'a str, &'a Entry)> + use<'a> {
        self.types
            .get(item_type)
            .into_iter()
            .flatten()
            .map(|(id, entry)| (id.as_str(), entry))
    }

    /// The types that have an entity.
    pub(crate) fn types(&self) -> impl Iterator<Item = &str> {
        self.types
            .iter()
            .filter(|(_, items)| !items.is_empty())
            .map(|(item_type, _)| item_type.as_str())
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
        store.insert(
            "Target",
            "t",
            Entry {
                item: json!({}),
                owner: None,
                hash: String::new(),
            },
        );
        assert_eq!(store.types().collect::<Vec<_>>(), ["Target"]);
        store.remove("Target", "t");
        assert_eq!(store.types().count(), 0);
        assert!(store.get("Target", "t").is_none());
    }
}
