//! Live queries: which entities one is about, and what a watcher has been told so far.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// What a query asks for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Query {
    pub(crate) item_type: String,
    filter: Filter,
}

#[derive(Debug, Clone, PartialEq)]
enum Filter {
    All,
    Ids(BTreeSet<String>),
    Fields(Map<String, Value>),
}

impl Query {
    /// Reads a query; the error is an `ids` that is no array of strings.
    ///
    /// Servers know queries by their id alone, and answer one that they do not know with every item of the type.
    pub(crate) fn read(
        query_id: &str,
        item_type: &str,
        mut query: Map<String, Value>,
    ) -> Result<Self, Value> {
        let filter = if query_id == format!("Get{item_type}sByIds") {
            let ids = query.remove("ids").unwrap_or(Value::Null);
            let texts = ids.as_array().and_then(|ids| {
                ids.iter()
                    .map(|id| id.as_str().map(ToOwned::to_owned))
                    .collect::<Option<BTreeSet<_>>>()
            });
            Filter::Ids(texts.ok_or(ids)?)
        } else if query_id == format!("Get{item_type}sByQuery") {
            query.retain(|name, value| {
                !matches!(name.as_str(), "tx" | "createdAt") && !value.is_null()
            });
            Filter::Fields(query)
        } else {
            Filter::All
        };
        Ok(Self {
            item_type: item_type.to_owned(),
            filter,
        })
    }

    /// Whether the entity is one that the query asks for.
    pub(crate) fn wants(&self, id: &str, item: &Value) -> bool {
        match &self.filter {
            Filter::All => true,
            Filter::Ids(ids) => ids.contains(id),
            Filter::Fields(fields) => {
                fields
                    .iter()
                    .all(|(name, wanted)| match (item.get(name), wanted) {
                        (Some(found), Value::Array(any)) => any.contains(found) || found == wanted,
                        (Some(found), wanted) => found == wanted,
                        (None, _) => false,
                    })
            }
        }
    }
}

/// A query that stays open.
#[derive(Debug)]
pub(crate) struct Watch {
    pub(crate) query: Query,
    /// The ids that the watcher has.
    pub(crate) known: BTreeSet<String>,
    /// The sequence of the next frame.
    pub(crate) sequence: u64,
    /// The whole answer already waits to be sent, and will carry what happens until then.
    pub(crate) queued: bool,
}

/// What a change means to one watcher.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Upsert,
    Delete,
    Nothing,
}

impl Watch {
    pub(crate) fn new(query: Query) -> Self {
        Self {
            query,
            known: BTreeSet::new(),
            sequence: 0,
            queued: false,
        }
    }

    /// What the watcher is to be told when the entity is now `item`, or gone.
    pub(crate) fn hears(&mut self, id: &str, item: Option<&Value>) -> Told {
        match item {
            Some(item) if self.query.wants(id, item) => {
                self.known.insert(id.to_owned());
                Told::Upsert
            }
            _ if self.known.remove(id) => Told::Delete,
            _ => Told::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn query(id: &str, body: Value) -> Query {
        Query::read(id, "Target", body.as_object().unwrap().clone()).unwrap()
    }

    #[test]
    fn fields_filter_and_an_array_means_any_of() {
        let item = json!({"id": "t", "serviceId": "s", "category": "c"});
        let by = |body| query("GetTargetsByQuery", body).wants("t", &item);
        assert!(by(json!({"tx": "q", "createdAt": "now"})));
        assert!(by(json!({"tx": "q", "serviceId": "s"})));
        assert!(by(
            json!({"tx": "q", "serviceId": ["x", "s"], "category": null})
        ));
        assert!(!by(json!({"tx": "q", "serviceId": ["x"]})));
        assert!(!by(json!({"tx": "q", "serviceId": "s", "name": "n"})));
    }

    #[test]
    fn ids_filter_and_unknown_queries_take_everything() {
        let item = json!({"id": "t"});
        assert!(query("GetTargetsByIds", json!({"ids": ["t"]})).wants("t", &item));
        assert!(!query("GetTargetsByIds", json!({"ids": []})).wants("t", &item));
        assert!(query("GetTargetsByMood", json!({"ids": []})).wants("t", &item));
        assert!(query("GetAllTargets", json!({})).wants("t", &item));
        assert!(Query::read("GetTargetsByIds", "Target", Map::new()).is_err());
    }

    #[test]
    fn an_entity_that_no_longer_fits_is_a_deletion() {
        let mut watch = Watch::new(query("GetTargetsByQuery", json!({"category": "c"})));
        assert_eq!(
            watch.hears("t", Some(&json!({"category": "d"}))),
            Told::Nothing
        );
        assert_eq!(
            watch.hears("t", Some(&json!({"category": "c"}))),
            Told::Upsert
        );
        assert_eq!(
            watch.hears("t", Some(&json!({"category": "d"}))),
            Told::Delete
        );
        assert_eq!(watch.hears("t", None), Told::Nothing);
    }
}
