//! Queries: what others published, kept up to date by the server.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value};

use super::Generation;
use super::fields::Fields;
use super::text::escaped;
use crate::few::Few;
use crate::json;

/// A question for all items of a type, or some of them; it stays live until it is cancelled.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    id: String,
    item_type: String,
    fields: Few<String, Condition>,
    answer_limit: Duration,
}

/// What a field of a query asks for.
#[derive(Debug, Clone, PartialEq)]
enum Condition {
    /// The parameter of a query by ids.
    Ids(Value),
    Is(Value),
    /// An operator and its operand, which servers know since 2026.
    Operator(&'static str, Value),
}

/// A query that servers of a generation have no form for; a real one would not answer it, or would find
/// nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the query for items of type `{item_type}` cannot be asked: `{field}` {problem}")]
pub struct QueryFormError {
    /// The type of the items.
    pub item_type: String,
    /// The field at fault.
    pub field: String,
    /// What is wrong with it, and what to write instead.
    pub problem: String,
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
        let query = Self::new(format!("Get{item_type}sByIds"), item_type);
        query.with("ids", Condition::Ids(ids.into()))
    }

    /// The items of a type whose fields fit all of what is asked for with [`field`](Query::field),
    /// [`any_of`](Query::any_of), [`contains`](Query::contains), [`starts_with`](Query::starts_with) and
    /// [`range`](Query::range).
    #[must_use]
    pub fn matching(item_type: &str) -> Self {
        Self::new(format!("Get{item_type}sByQuery"), item_type)
    }

    fn new(id: String, item_type: &str) -> Self {
        Self {
            id,
            item_type: item_type.to_owned(),
            fields: Few::default(),
            answer_limit: Duration::from_secs(10),
        }
    }

    fn with(mut self, name: &str, condition: Condition) -> Self {
        self.fields.insert(name.to_owned(), condition);
        self
    }

    /// Only items whose field has this value: a text, a number or a boolean.
    #[must_use]
    pub fn field(self, name: &str, value: impl Into<Value>) -> Self {
        self.with(name, Condition::Is(value.into()))
    }

    /// Only items whose field has one of these values; 2026 servers alone know that.
    #[must_use]
    pub fn any_of<V: Into<Value>>(self, name: &str, values: impl IntoIterator<Item = V>) -> Self {
        let values: Vec<Value> = values.into_iter().map(Into::into).collect();
        self.with(name, Condition::Operator("$in", values.into()))
    }

    /// Only items whose field is a text with this in it; 2026 servers alone know that.
    #[must_use]
    pub fn contains(self, name: &str, part: &str) -> Self {
        self.with(name, Condition::Operator("$contains", part.into()))
    }

    /// Only items whose field is a text that begins with this; 2026 servers alone know that.
    #[must_use]
    pub fn starts_with(self, name: &str, start: &str) -> Self {
        self.with(name, Condition::Operator("$startsWith", start.into()))
    }

    /// Only items whose field is a number that is not below `min` and not above `max`, where these are
    /// given; 2026 servers alone know that.
    #[must_use]
    pub fn range(
        self,
        name: &str,
        min: impl Into<Option<f64>>,
        max: impl Into<Option<f64>>,
    ) -> Self {
        let mut bounds = Map::new();
        for (bound, value) in [("min", min.into()), ("max", max.into())] {
            if let Some(value) = value {
                bounds.insert(bound.to_owned(), value.into());
            }
        }
        self.with(name, Condition::Operator("$range", bounds.into()))
    }

    /// How long a server may take for its first answer before the query counts as unanswered; 10 s
    /// unless set.
    #[must_use]
    pub fn answer_limit(mut self, limit: Duration) -> Self {
        self.answer_limit = limit;
        self
    }

    /// How long a server may take for its first answer.
    #[must_use]
    pub fn limit(&self) -> Duration {
        self.answer_limit
    }

    /// The type of the items.
    #[must_use]
    pub fn item_type(&self) -> &str {
        &self.item_type
    }

    /// Whether servers of this generation have a form for all that is asked.
    ///
    /// # Errors
    /// The first field for which they have none.
    pub fn check(&self, generation: Generation) -> Result<(), QueryFormError> {
        for (name, condition) in self.fields.iter() {
            if let Some(problem) = condition.problem(generation) {
                return Err(QueryFormError {
                    item_type: self.item_type.clone(),
                    field: name.clone(),
                    problem,
                });
            }
        }
        Ok(())
    }

    /// The frame that asks.
    #[must_use]
    pub fn frame(&self, tx: &str, created_at: &str) -> String {
        let mut query: Map<String, Value> = Map::new();
        for (name, condition) in self.fields.iter() {
            let written = match condition {
                Condition::Ids(value) | Condition::Is(value) => value.clone(),
                Condition::Operator(operator, operand) => {
                    json::object(vec![(operator, operand.clone())])
                }
            };
            query.insert(name.clone(), written);
        }
        json::set(&mut query, "tx", tx.into());
        json::set(&mut query, "createdAt", created_at.into());
        let query = json::text(&Value::Object(query));
        let (id, item_type) = (escaped(&self.id), escaped(&self.item_type));
        format!(
            r#"{{"data":{{"query":{query},"queryId":"{id}","queryItemType":"{item_type}"}},"event":"ws:m:query"}}"#
        )
    }

    /// The frame that ends the query with this transaction.
    #[must_use]
    pub fn cancel(tx: &str) -> String {
        let tx = escaped(tx);
        format!(r#"{{"data":{{"tx":"{tx}"}},"event":"ws:m:query-cancel","tx":"{tx}"}}"#)
    }
}

impl Condition {
    /// Why servers of this generation have no form for it, if they have none.
    fn problem(&self, generation: Generation) -> Option<String> {
        let is_new = generation == Generation::V2026;
        let problem = match self {
            Self::Ids(_) => return None,
            Self::Is(Value::Null) => "is null, which asks for nothing: leave it out",
            Self::Is(Value::Array(_)) if is_new => {
                "is an array, and a 2026 server compares single values: any of several is `any_of`"
            }
            Self::Is(Value::Object(_)) if is_new => {
                "is an object, and a 2026 server compares single values: operators are `any_of`, `contains`, \
                 `starts_with` and `range`"
            }
            Self::Is(_) => return None,
            Self::Operator("$in", Value::Array(any)) if any.iter().any(is_not_single) => {
                "is to be one of several values that are not all texts, numbers or booleans"
            }
            Self::Operator("$range", Value::Object(bounds))
                if bounds.values().any(Value::is_null) =>
            {
                "has a bound that is not a finite number"
            }
            Self::Operator(..) if is_new => return None,
            Self::Operator(operator, _) => {
                return Some(format!(
                    "uses `{operator}`, which a {generation} server does not know: ask for all, or for one \
                     value with `field`, and choose from the answer"
                ));
            }
        };
        Some(problem.to_owned())
    }
}

fn is_not_single(value: &Value) -> bool {
    matches!(value, Value::Null | Value::Array(_) | Value::Object(_))
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
                let mut raw = Fields::of("`data`", data).ok()?;
                let own = raw.text_if_any("tx").ok()?;
                let (upserts, deletes) = (raw.list_if_any("upserts"), raw.list_if_any("deletes"));
                Some(Self {
                    tx: own.or_else(|| tx.as_str().map(ToOwned::to_owned))?,
                    fresh: raw.whole_if_any("sequence").ok()? == Some(0),
                    upserts: upserts.ok()?.into_iter().filter_map(item).collect(),
                    deletes: deletes.ok()?.into_iter().filter_map(id_of).collect(),
                })
            }
        }
    }
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn asked(query: &Query) -> Value {
        let frame: Value = serde_json::from_str(&query.frame("q", "now")).unwrap();
        frame["data"]["query"].clone()
    }

    #[test]
    fn operators_are_written_as_2026_servers_read_them() {
        let query = Query::matching("Cue")
            .any_of("act", [1, 2])
            .contains("label", "oor")
            .starts_with("name", "D")
            .range("seconds", 1.5, None);
        let expected = json!({
            "act": {"$in": [1, 2]}, "label": {"$contains": "oor"}, "name": {"$startsWith": "D"},
            "seconds": {"$range": {"min": 1.5}}, "tx": "q", "createdAt": "now",
        });
        assert_eq!(asked(&query), expected);
        assert_eq!(query.check(Generation::V2026), Ok(()));
    }

    #[test]
    fn what_a_generation_has_no_form_for_is_an_error_with_what_to_write() {
        let of = |query: Query, generation| query.check(generation).unwrap_err().to_string();
        let list = || Query::matching("Target").field("category", json!(["a", "b"]));
        let said = of(list(), Generation::V2026);
        assert!(
            said.contains("`category` is an array") && said.contains("`any_of`"),
            "{said}"
        );
        assert_eq!(list().check(Generation::V2024), Ok(()), "compared as it is");
        let object = Query::matching("Target").field("category", json!({"$in": ["a"]}));
        assert!(of(object, Generation::V2026).contains("is an object"));
        let nested = Query::matching("Target").any_of("category", [json!(["a"])]);
        assert!(of(nested, Generation::V2026).contains("one of several"));
        let endless = Query::matching("Cue").range("seconds", f64::NAN, 2.0);
        assert!(of(endless, Generation::V2026).contains("finite"));
        for generation in Generation::ALL {
            let nothing = Query::matching("Target").field("category", Value::Null);
            assert!(of(nothing, generation).contains("leave it out"));
        }
        let any = || Query::matching("Action");
        for query in [
            any().any_of("targetId", ["a"]),
            any().contains("name", "a"),
            any().starts_with("name", "a"),
            any().range("size", None, 1.0),
        ] {
            for generation in [Generation::V2023, Generation::V2024] {
                let said = of(query.clone(), generation);
                assert!(said.contains("does not know"), "{said}");
            }
        }
        let ids = Query::by_ids("Target", ["a"]);
        assert!(Generation::ALL.iter().all(|one| ids.check(*one).is_ok()));
    }
}
