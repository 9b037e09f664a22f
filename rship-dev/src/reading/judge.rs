//! What a server says to one entity, asked without a server.

use rship_core::wire::Generation;
use serde_json::Value;

use super::{Problem, entities, found_words};
use crate::explained::Explained;
use crate::store::Change;

/// What a server of this generation would find wrong with an entity that is set, in the form in
/// which it goes over that generation's wire. Empty when all of it can be used.
///
/// ```
/// use rship_dev::{Generation, Verdict, judge};
///
/// let action = serde_json::json!({
///     "id": "stand:burn", "name": "Burn", "targetId": "stand", "serviceId": "bananas",
///     "schema": {"type": "object", "properties": {"level": {"type": ["number", "null"]}}},
/// });
/// let problems = judge(Generation::V2026, "Action", &action);
/// assert_eq!(problems[0].verdict, Verdict::Dropped);
/// assert_eq!(problems[0].field, "schema.properties.level.type");
/// ```
#[must_use]
pub fn judge(generation: Generation, item_type: &str, item: &Value) -> Vec<Explained> {
    let explained =
        |id: &str, problem: Problem| Explained::new(item_type, id, problem, String::new());
    let Value::Object(fields) = item else {
        let reason = format!("it is {}, a server wants an object", found_words(item));
        return vec![explained("", Problem::fatal("", reason))];
    };
    let id = entities::id_of(item_type, fields).unwrap_or_default();
    // Nobody is connected: whose client id an entity carries is not judged.
    let client_id = fields
        .get("clientId")
        .and_then(Value::as_str)
        .unwrap_or_default();
    entities::check(generation, client_id, item_type, Change::Set, fields)
        .into_iter()
        .map(|problem| explained(&id, problem))
        .collect()
}
