//! What becomes of each entity, generation by generation.

use std::collections::BTreeMap;

use rship_core::wire::Generation;
use serde_json::Value;

use super::manifest::Entity;
use crate::explained;
use crate::reading::bindable::{Bindable, FieldKind, bindable};
use crate::reading::judge;
use crate::reading::told::as_told;

/// What becomes of an entity; the last is the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    /// All of it can be used.
    Fine,
    /// It can be used, but something is not as its author meant it.
    Remark,
    /// It is stored, but a show cannot bind all of it.
    Unbindable,
    /// A server throws it away.
    Dropped,
}

impl Verdict {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Fine => "ok",
            Self::Remark => "remark",
            Self::Unbindable => "unbindable",
            Self::Dropped => "dropped",
        }
    }
}

/// Why an entity is not fine.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reason {
    /// The generations of server that it is about.
    pub(super) generations: Vec<Generation>,
    pub(super) verdict: Verdict,
    pub(super) field: String,
    pub(super) text: String,
}

/// An entity and what becomes of it.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) item_type: &'static str,
    pub(super) id: String,
    pub(super) verdict: Verdict,
    pub(super) reasons: Vec<Reason>,
    /// What a show binds in an action or an emitter.
    pub(super) fields: Vec<Bindable>,
}

impl Judged {
    /// What becomes of it with servers of one generation.
    pub(super) fn with(&self, generation: Generation) -> Verdict {
        let about = |reason: &&Reason| reason.generations.contains(&generation);
        let reasons = self.reasons.iter().filter(about);
        reasons
            .map(|reason| reason.verdict)
            .max()
            .unwrap_or(Verdict::Fine)
    }

    fn add(&mut self, generation: Generation, verdict: Verdict, field: &str, text: &str) {
        self.verdict = self.verdict.max(verdict);
        let same = |known: &&mut Reason| known.verdict == verdict && known.text == text;
        match self.reasons.iter_mut().find(same) {
            Some(known) => known.generations.push(generation),
            None => self.reasons.push(Reason {
                generations: vec![generation],
                verdict,
                field: field.to_owned(),
                text: text.to_owned(),
            }),
        }
    }
}

/// Judges the entities of a manifest; one that is told twice with the same content counts once.
pub(super) fn judge(entities: Vec<Entity>) -> Vec<Judged> {
    let mut all: Vec<Judged> = Vec::new();
    let mut known: BTreeMap<(&str, String), (usize, Value)> = BTreeMap::new();
    for entity in entities {
        let id = entity
            .item
            .get("id")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        let key = (entity.item_type, id.clone());
        let content = content(&entity.item);
        match known.get(&key) {
            // Two instances may have the same target.
            Some((_, told)) if *told == content => continue,
            Some((first, _)) if !id.is_empty() => {
                let first = *first;
                for generation in Generation::ALL {
                    let text = "another one with this id comes later: a server keeps the last";
                    all[first].add(generation, Verdict::Dropped, "id", text);
                }
            }
            _ => {}
        }
        known.insert(key, (all.len(), content));
        all.push(one(&entity, id));
    }
    all
}

/// What two tellings of one entity have in common.
fn content(item: &Value) -> Value {
    let mut item = item.clone();
    if let Value::Object(fields) = &mut item {
        fields.remove("lastUpdated");
        fields.remove("hash");
    }
    item
}

fn one(entity: &Entity, id: String) -> Judged {
    let mut judged = Judged {
        item_type: entity.item_type,
        id,
        verdict: Verdict::Fine,
        reasons: Vec::new(),
        fields: Vec::new(),
    };
    let mut about_schema = Vec::new();
    for generation in Generation::ALL {
        let item = as_told(generation, entity.item_type, entity.item.clone());
        for problem in judge::judge(generation, entity.item_type, &item) {
            let of_schema = problem.field == "schema" || problem.field.starts_with("schema.");
            let verdict = match problem.verdict {
                explained::Verdict::Dropped => Verdict::Dropped,
                explained::Verdict::Kept if of_schema => Verdict::Unbindable,
                explained::Verdict::Kept => Verdict::Remark,
            };
            judged.add(generation, verdict, &problem.field, &problem.reason);
            if verdict == Verdict::Unbindable {
                about_schema.push(problem.field);
            }
        }
    }
    // Only what a 2026 server makes of a schema is known.
    if judged.with(Generation::V2026) != Verdict::Dropped
        && let Some(schema) = entity.item.get("schema").filter(|schema| !schema.is_null())
    {
        judged.fields = bindable(schema);
        for field in judged.fields.clone() {
            let place = place_of(&field.path);
            let said = about_schema.iter().any(|about| about.starts_with(&place));
            if field.kind == FieldKind::None && !said {
                let text = format!("`{place}` has a type of which a 2026 server makes no field");
                judged.add(Generation::V2026, Verdict::Unbindable, &place, &text);
            }
        }
    }
    judged
}

/// Where in a schema the field with this path is, as problems name it.
fn place_of(path: &str) -> String {
    let mut place = "schema".to_owned();
    for step in path.split('.') {
        let name = step.trim_end_matches("[]");
        if !name.is_empty() {
            place.push_str(".properties.");
            place.push_str(name);
        }
        place.push_str(&".items".repeat((step.len() - name.len()) / 2));
    }
    place
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn action(schema: Value) -> Entity {
        let item =
            json!({"id": "t:a", "name": "A", "targetId": "t", "serviceId": "s", "schema": schema});
        Entity {
            item_type: "Action",
            item,
        }
    }

    fn verdict(schema: Value) -> [Verdict; 3] {
        let judged = judge(vec![action(schema)]).remove(0);
        Generation::ALL.map(|generation| judged.with(generation))
    }

    #[test]
    fn each_generation_has_its_own_verdict() {
        use Verdict::{Dropped, Fine, Unbindable};
        assert_eq!(
            verdict(json!({"type": "object", "properties": {}})),
            [Fine; 3]
        );
        assert_eq!(verdict(Value::Null), [Fine; 3]);
        assert_eq!(
            verdict(json!({"type": "object", "properties": {"a": true}})),
            [Fine, Fine, Dropped]
        );
        assert_eq!(verdict(json!("{}")), [Fine, Dropped, Dropped]);
        assert_eq!(
            verdict(json!({"type": "object", "properties": {"a": {"anyOf": []}}})),
            [Fine, Fine, Unbindable]
        );
        assert_eq!(verdict(json!({"type": "null"})), [Fine, Fine, Unbindable]);
    }

    #[test]
    fn a_field_that_was_explained_is_not_explained_again() {
        let map = json!({"type": "object", "additionalProperties": {"type": "number"}});
        let list = json!({"type": "array", "items": {"type": "object"}});
        let schema = json!({"type": "object", "properties": {"m": map, "l": list}});
        let judged = judge(vec![action(schema)]).remove(0);
        let fields: Vec<_> = judged
            .reasons
            .iter()
            .map(|reason| reason.field.as_str())
            .collect();
        assert_eq!(fields, ["schema.properties.m", "schema.properties.l.items"]);
    }

    #[test]
    fn an_id_given_twice_loses_the_first_unless_both_are_the_same() {
        let (one, other) = (action(Value::Null), action(json!({"type": "object"})));
        assert_eq!(judge(vec![one.clone(), one.clone()]).len(), 1);
        let verdicts: Vec<_> = judge(vec![one, other])
            .iter()
            .map(|one| one.verdict)
            .collect();
        assert_eq!(verdicts, [Verdict::Dropped, Verdict::Fine]);
    }
}
