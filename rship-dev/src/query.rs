//! Live queries: which entities one is about, and what a watcher has been told so far.

use std::collections::BTreeSet;
use std::sync::Arc;

use rship_core::wire::Generation;
use serde_json::{Map, Value};

use crate::item::Item;
use crate::reading::Problem;
use crate::reading::filter::Filter;

/// What a query asks for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Query {
    pub(crate) item_type: String,
    wanted: Wanted,
}

#[derive(Debug, Clone, PartialEq)]
enum Wanted {
    All,
    Ids(BTreeSet<String>),
    Fields(Filter),
}

impl Query {
    /// Reads a query, or says what in it a server of this generation cannot read.
    ///
    /// Servers know queries by their id alone, and answer one that they do not know with every item of the type.
    pub(crate) fn read(
        generation: Generation,
        query_id: &str,
        item_type: &str,
        mut query: Map<String, Value>,
    ) -> Result<Self, Problem> {
        let wanted = if query_id == format!("Get{item_type}sByIds") {
            let ids = query.remove("ids");
            Wanted::Ids(read_ids(generation, ids.as_ref())?)
        } else if query_id == format!("Get{item_type}sByQuery") {
            Wanted::Fields(Filter::read(generation, item_type, query)?)
        } else {
            Wanted::All
        };
        Ok(Self {
            item_type: item_type.to_owned(),
            wanted,
        })
    }

    /// What in it will not find what it seems to be meant to find.
    pub(crate) fn doubts(&self, generation: Generation) -> Vec<Problem> {
        match &self.wanted {
            Wanted::Fields(filter) => filter.doubts(generation),
            Wanted::All | Wanted::Ids(_) => Vec::new(),
        }
    }

    /// Whether the entity is one that the query asks for.
    pub(crate) fn wants(&self, id: &str, item: &Item) -> bool {
        match &self.wanted {
            Wanted::All => true,
            Wanted::Ids(ids) => ids.contains(id),
            Wanted::Fields(filter) => filter.wants(item),
        }
    }
}

fn read_ids(generation: Generation, ids: Option<&Value>) -> Result<BTreeSet<String>, Problem> {
    const FIELD: &str = "data.query.ids";
    const WANTS: &str = "an array of strings";
    let ids = ids.ok_or_else(|| Problem::missing(generation, FIELD, WANTS))?;
    let strings = ids.as_array().and_then(|ids| {
        ids.iter()
            .map(|id| id.as_str().map(ToOwned::to_owned))
            .collect::<Option<_>>()
    });
    strings.ok_or_else(|| Problem::wrong(generation, FIELD, ids, WANTS))
}

/// A query that stays open.
#[derive(Debug)]
pub(crate) struct Watch {
    pub(crate) query: Query,
    /// What the query itself takes in memory, with its tx.
    own_weight: usize,
    /// The ids that the watcher has: those of the store.
    pub(crate) known: BTreeSet<Arc<str>>,
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
    pub(crate) fn new(query: Query, weight: usize) -> Self {
        Self {
            query,
            own_weight: weight,
            known: BTreeSet::new(),
            sequence: 0,
            queued: false,
        }
    }

    /// What it takes in memory, roughly.
    pub(crate) fn weight(&self) -> usize {
        /// An id that is shared with the store, and its place in a set.
        const ID: usize = 32;
        self.own_weight + ID * self.known.len()
    }

    /// What the watcher is to be told when the entity is now `item`, or gone.
    pub(crate) fn hears(&mut self, id: &Arc<str>, item: Option<&Item>) -> Told {
        match item {
            Some(item) if self.query.wants(id, item) => {
                self.known.insert(Arc::clone(id));
                Told::Upsert
            }
            _ if self.known.remove(&**id) => Told::Delete,
            _ => Told::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(id: &str, body: Value) -> Result<Query, Problem> {
        let body = body.as_object().unwrap().clone();
        Query::read(Generation::V2026, id, "Target", body)
    }

    fn query(id: &str, body: Value) -> Query {
        read(id, body).unwrap()
    }

    fn item(fields: Value) -> Item {
        Item::new(fields.as_object().unwrap())
    }

    #[test]
    fn ids_filter_and_unknown_queries_take_everything() {
        let item = item(json!({"id": "t"}));
        assert!(query("GetTargetsByIds", json!({"ids": ["t"]})).wants("t", &item));
        assert!(!query("GetTargetsByIds", json!({"ids": []})).wants("t", &item));
        assert!(query("GetTargetsByMood", json!({"ids": []})).wants("t", &item));
        assert!(query("GetAllTargets", json!({})).wants("t", &item));
        for body in [json!({}), json!({"ids": "t"}), json!({"ids": ["t", 1]})] {
            let problem = read("GetTargetsByIds", body).unwrap_err();
            assert_eq!(problem.field, "data.query.ids");
        }
    }

    #[test]
    fn an_entity_that_no_longer_fits_is_a_deletion() {
        let query = query("GetTargetsByQuery", json!({"category": "c"}));
        let mut watch = Watch::new(query, 100);
        let t: Arc<str> = "t".into();
        assert_eq!(
            watch.hears(&t, Some(&item(json!({"category": "d"})))),
            Told::Nothing
        );
        assert_eq!(
            watch.hears(&t, Some(&item(json!({"category": "c"})))),
            Told::Upsert
        );
        assert_eq!(
            watch.hears(&t, Some(&item(json!({"category": "d"})))),
            Told::Delete
        );
        assert_eq!(watch.hears(&t, None), Told::Nothing);
    }
}
