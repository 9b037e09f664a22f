//! Queries: what others published, kept up to date by the server.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

/// A question for all items of a type, or some of them; it stays live until it is cancelled.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    id: String,
    item_type: String,
    fields: Map<String, Value>,
}

impl Query {
    /// All items of a type, such as `Target`.
    #[must_use]
    pub fn all(item_type: &str) -> Self {
        Self::new(format!("GetAll{item_type}s"), item_type)
    }

    /// The items of a type with these ids.
    #[must_use]
    pub fn by_ids<I: Into<String>>(item_type: &str, ids: impl IntoIterator<Item = I>) -> Self {
        let ids: Vec<String> = ids.into_iter().map(Into::into).collect();
        let mut query = Self::new(format!("Get{item_type}sByIds"), item_type);
        query.fields.insert("ids".to_owned(), ids.into());
        query
    }

    /// The items of a type whose fields have given values: see [`field`](Query::field) and
    /// [`any_of`](Query::any_of).
    #[must_use]
    pub fn matching(item_type: &str) -> Self {
        Self::new(format!("Get{item_type}sByQuery"), item_type)
    }

    fn new(id: String, item_type: &str) -> Self {
        Self {
            id,
            item_type: item_type.to_owned(),
            fields: Map::new(),
        }
    }

    /// Only items whose field has this value.
    #[must_use]
    pub fn field(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }

    /// Only items whose field has one of these values; 2026 servers alone understand it.
    #[must_use]
    pub fn any_of<V: Into<Value>>(self, name: &str, values: impl IntoIterator<Item = V>) -> Self {
        let values: Vec<Value> = values.into_iter().map(Into::into).collect();
        self.field(name, json!({ "$in": values }))
    }

    /// The type of the items.
    #[must_use]
    pub fn item_type(&self) -> &str {
        &self.item_type
    }

    /// The frame that asks.
    #[must_use]
    pub fn frame(&self, tx: &str, created_at: &str) -> String {
        let mut query = self.fields.clone();
        query.insert("tx".to_owned(), tx.into());
        query.insert("createdAt".to_owned(), created_at.into());
        json!({
            "event": "ws:m:query",
            "data": { "queryId": self.id, "queryItemType": self.item_type, "query": query },
        })
        .to_string()
    }

    /// The frame that ends the query with this transaction.
    #[must_use]
    pub fn cancel(tx: &str) -> String {
        json!({ "event": "ws:m:query-cancel", "tx": tx, "data": { "tx": tx } }).to_string()
    }
}

/// A part of the answer to a query.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryResponse {
    /// The transaction of the query.
    pub tx: String,
    /// Whether what came before is void: this part is a start.
    pub fresh: bool,
    /// Items that are new or changed, by id.
    pub upserts: Vec<(String, Value)>,
    /// Ids of items that are gone.
    pub deletes: Vec<String>,
}

impl QueryResponse {
    /// Brings what was known up to date.
    pub fn apply(self, known: &mut BTreeMap<String, Value>) {
        if self.fresh {
            known.clear();
        }
        for id in &self.deletes {
            known.remove(id);
        }
        known.extend(self.upserts);
    }

    /// Reads the content of a `ws:m:query-response`, in the form of any generation.
    pub(super) fn read(tx: &Value, data: Value) -> Option<Self> {
        match data {
            // 2023: every time the whole answer.
            Value::Array(items) => Some(Self {
                tx: tx.as_str()?.to_owned(),
                fresh: true,
                upserts: items.into_iter().filter_map(item).collect(),
                deletes: Vec::new(),
            }),
            data => {
                let raw: RawResponse = serde_json::from_value(data).ok()?;
                Some(Self {
                    tx: raw.tx.or_else(|| tx.as_str().map(ToOwned::to_owned))?,
                    fresh: raw.sequence == Some(0),
                    upserts: raw.upserts.into_iter().filter_map(item).collect(),
                    deletes: raw.deletes.into_iter().filter_map(id_of).collect(),
                })
            }
        }
    }
}

#[derive(Deserialize)]
struct RawResponse {
    #[serde(default)]
    tx: Option<String>,
    #[serde(default)]
    sequence: Option<u64>,
    #[serde(default)]
    upserts: Vec<Value>,
    #[serde(default)]
    deletes: Vec<Value>,
}

/// An item comes wrapped with its type, or bare.
fn item(mut wrapped: Value) -> Option<(String, Value)> {
    let item = match wrapped.get_mut("item") {
        Some(item) if item.is_object() => item.take(),
        _ => wrapped,
    };
    let id = item.get("id")?.as_str()?.to_owned();
    Some((id, item))
}

/// What is gone is named by its id, or comes as an item.
fn id_of(gone: Value) -> Option<String> {
    match gone {
        Value::String(id) => Some(id),
        gone => item(gone).map(|(id, _)| id),
    }
}
