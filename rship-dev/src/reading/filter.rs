//! The fields of a `Get{Type}sByQuery`: which entities have what it asks for.

use std::collections::BTreeSet;

use rship_core::wire::Generation;
use serde_json::{Map, Value};

use super::entities;
use super::fields::Kind;
use super::{Problem, found_words};
use crate::item::Item;

/// What all fields of an entity have to be.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Filter {
    fields: Vec<(String, Condition)>,
}

/// What one field has to be.
#[derive(Debug, Clone, PartialEq)]
enum Condition {
    Equals(Value),
    /// The JSON of any of these values.
    In(BTreeSet<String>),
    Contains(String),
    StartsWith(String),
    Range {
        min: Option<f64>,
        max: Option<f64>,
    },
}

impl Filter {
    /// Reads the fields beside the query's `tx`; null means that the field may be anything.
    ///
    /// Only 2026 has operators, and it gives no answer at all to what it cannot read.
    pub(crate) fn read(
        generation: Generation,
        item_type: &str,
        query: Map<String, Value>,
    ) -> Result<Self, Problem> {
        let asked = query.into_iter().filter(|(name, value)| {
            !matches!(name.as_str(), "tx" | "createdAt") && !value.is_null()
        });
        let fields = asked.map(|(name, value)| {
            let condition = if generation == Generation::V2026 {
                condition(item_type, &name, value)?
            } else {
                Condition::Equals(value)
            };
            Ok((name, condition))
        });
        Ok(Self {
            fields: fields.collect::<Result<_, Problem>>()?,
        })
    }

    /// What will not find what it seems to be meant to find.
    pub(crate) fn doubts(&self, generation: Generation) -> Vec<Problem> {
        let fields = self.fields.iter();
        let doubtful = fields.filter_map(|(name, condition)| {
            let Condition::Equals(Value::Object(operator)) = condition else {
                return None;
            };
            let operator = operator.keys().find(|key| key.starts_with('$'))?;
            let path = format!("data.query.{name}");
            let reason = format!(
                "`{operator}` in `{path}` is an operator of 2026: a {generation} server compares the object as it \
                 is, and finds nothing"
            );
            Some(Problem::warning(path, reason))
        });
        doubtful.collect()
    }

    pub(crate) fn wants(&self, item: &Item) -> bool {
        let fits = |(name, condition): &(String, Condition)| {
            item.field(name).is_some_and(|found| condition.fits(&found))
        };
        self.fields.iter().all(fits)
    }
}

impl Condition {
    fn fits(&self, found: &Value) -> bool {
        match self {
            Self::Equals(wanted) => found == wanted,
            Self::In(any) => any.contains(&found.to_string()),
            Self::Contains(part) => found.as_str().is_some_and(|text| text.contains(part)),
            Self::StartsWith(start) => found.as_str().is_some_and(|text| text.starts_with(start)),
            Self::Range { min, max } => found.as_f64().is_some_and(|number| {
                min.is_none_or(|min| min <= number) && max.is_none_or(|max| number <= max)
            }),
        }
    }
}

fn condition(item_type: &str, name: &str, value: Value) -> Result<Condition, Problem> {
    let path = format!("data.query.{name}");
    let holds = Holds::of(item_type, name);
    match value {
        Value::Object(operator) => operation(&path, holds, operator),
        Value::Array(_) => Err(unanswered(
            &path,
            &value,
            "a single value, or an object with `$in` for any of several",
        )),
        value => {
            holds.takes(&path, &value)?;
            Ok(Condition::Equals(value))
        }
    }
}

fn operation(path: &str, holds: Holds, operator: Map<String, Value>) -> Result<Condition, Problem> {
    let mut parts = operator.into_iter();
    let (Some((name, operand)), None) = (parts.next(), parts.next()) else {
        let reason = format!("`{path}` is an object that is not one operator, {NO_ANSWER}");
        return Err(Problem::fatal(path, reason));
    };
    let inside = format!("{path}.{name}");
    match (name.as_str(), operand) {
        ("$in", Value::Array(any)) => {
            for value in &any {
                holds.takes(&inside, value)?;
            }
            Ok(Condition::In(any.iter().map(Value::to_string).collect()))
        }
        ("$in", other) => Err(unanswered(&inside, &other, "an array of values")),
        ("$contains" | "$startsWith" | "$range", _) if !holds.has_operator(&name) => {
            let reason = format!("`{path}` is not a field for `{name}`, {NO_ANSWER}");
            Err(Problem::fatal(path, reason))
        }
        ("$contains", Value::String(part)) => Ok(Condition::Contains(part)),
        ("$startsWith", Value::String(start)) => Ok(Condition::StartsWith(start)),
        ("$contains" | "$startsWith", other) => Err(unanswered(&inside, &other, "a string")),
        ("$range", Value::Object(bounds)) => range(&inside, bounds),
        ("$range", other) => Err(unanswered(&inside, &other, "an object of `min` and `max`")),
        _ => {
            let reason = format!("`{name}` in `{path}` is an unknown operator, {NO_ANSWER}");
            Err(Problem::fatal(path, reason))
        }
    }
}

fn range(path: &str, bounds: Map<String, Value>) -> Result<Condition, Problem> {
    let (mut min, mut max) = (None, None);
    for (name, bound) in bounds {
        let inside = format!("{path}.{name}");
        let place = match name.as_str() {
            "min" => &mut min,
            "max" => &mut max,
            _ => {
                let reason = format!("`{inside}` is neither `min` nor `max`, {NO_ANSWER}");
                return Err(Problem::fatal(inside, reason));
            }
        };
        if !bound.is_null() {
            let number = bound.as_f64();
            *place = Some(number.ok_or_else(|| unanswered(&inside, &bound, "a number"))?);
        }
    }
    Ok(Condition::Range { min, max })
}

/// What the table of a type says that a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    String,
    Flag,
    Number,
    /// Neither, such as an array.
    Other,
    /// Whatever: the field is in no table, or takes any value.
    Anything,
}

impl Holds {
    fn of(item_type: &str, name: &str) -> Self {
        match entities::kind_of(Generation::V2026, item_type, name) {
            Some(Kind::String | Kind::Color | Kind::OneOf(_) | Kind::SchemaString) => Self::String,
            Some(Kind::Flag) => Self::Flag,
            Some(Kind::Number) => Self::Number,
            Some(Kind::Strings | Kind::Schema | Kind::Record(_) | Kind::Records(_)) => Self::Other,
            Some(Kind::Anything) | None => Self::Anything,
        }
    }

    fn has_operator(self, operator: &str) -> bool {
        match self {
            Self::String => operator != "$range",
            Self::Number => operator == "$range",
            Self::Flag | Self::Other => false,
            Self::Anything => true,
        }
    }

    fn takes(self, path: &str, value: &Value) -> Result<(), Problem> {
        let wants = match self {
            Self::String if !value.is_string() => "a string",
            Self::Flag if !value.is_boolean() => "a boolean",
            Self::Number if !value.is_number() => "a number",
            _ => return Ok(()),
        };
        Err(unanswered(path, value, wants))
    }
}

const NO_ANSWER: &str = "and a 2026 server gives such a query no answer at all";

fn unanswered(path: &str, found: &Value, wants: &str) -> Problem {
    let found = found_words(found);
    Problem::fatal(
        path,
        format!("`{path}` is {found}, a 2026 server wants {wants} and gives no answer otherwise"),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(generation: Generation, item_type: &str, body: Value) -> Result<Filter, Problem> {
        Filter::read(generation, item_type, body.as_object().unwrap().clone())
    }

    fn item(fields: Value) -> Item {
        Item::new(fields.as_object().unwrap())
    }

    fn wants(body: Value) -> bool {
        let item = item(json!({"id": "t", "serviceId": "bluth", "category": "retail", "size": 3}));
        read(Generation::V2026, "Target", body)
            .unwrap()
            .wants(&item)
    }

    #[test]
    fn bare_values_mean_equal_and_null_means_anything() {
        assert!(wants(json!({"tx": "q", "createdAt": "now"})));
        assert!(wants(json!({"tx": "q", "serviceId": "bluth"})));
        assert!(wants(json!({"serviceId": "bluth", "name": null})));
        assert!(!wants(json!({"serviceId": "bluth", "name": "n"})));
        assert!(!wants(json!({"serviceId": "blut"})));
    }

    #[test]
    fn operators_of_2026_find_several_values_parts_and_ranges() {
        assert!(wants(json!({"serviceId": {"$in": ["x", "bluth"]}})));
        assert!(!wants(json!({"serviceId": {"$in": []}})));
        assert!(wants(json!({"category": {"$contains": "tai"}})));
        assert!(!wants(json!({"category": {"$startsWith": "tail"}})));
        assert!(wants(json!({"category": {"$startsWith": "ret"}})));
        assert!(wants(json!({"size": {"$range": {"min": 3, "max": 3.0}}})));
        assert!(wants(json!({"size": {"$range": {"max": 4}}})));
        assert!(!wants(json!({"size": {"$range": {"min": 3.5}}})));
        assert!(wants(json!({"size": {"$range": {}}})));
    }

    #[test]
    fn what_a_2026_server_does_not_answer_names_its_field() {
        for (body, field) in [
            (json!({"category": ["retail"]}), "data.query.category"),
            (json!({"category": 3}), "data.query.category"),
            (json!({"category": {"$like": "r"}}), "data.query.category"),
            (json!({"category": {"in": ["r"]}}), "data.query.category"),
            (json!({"category": {}}), "data.query.category"),
            (
                json!({"category": {"$contains": "r", "$startsWith": "r"}}),
                "data.query.category",
            ),
            (json!({"category": {"$range": {}}}), "data.query.category"),
            (
                json!({"parentTargets": {"$contains": "r"}}),
                "data.query.parentTargets",
            ),
            (json!({"category": {"$in": "r"}}), "data.query.category.$in"),
            (json!({"category": {"$in": [1]}}), "data.query.category.$in"),
            (
                json!({"category": {"$contains": 1}}),
                "data.query.category.$contains",
            ),
            (
                json!({"size": {"$range": [1, 2]}}),
                "data.query.size.$range",
            ),
            (
                json!({"size": {"$range": {"min": "1"}}}),
                "data.query.size.$range.min",
            ),
            (
                json!({"size": {"$range": {"from": 1}}}),
                "data.query.size.$range.from",
            ),
        ] {
            let problem = read(Generation::V2026, "Target", body.clone()).unwrap_err();
            assert_eq!(problem.field, field, "{body}");
            assert!(
                problem.is_fatal() && problem.reason.contains("no answer"),
                "{body}: {}",
                problem.reason
            );
        }
    }

    #[test]
    fn before_2026_everything_is_compared_as_it_is() {
        let item = item(json!({"category": "retail", "parentTargets": ["a"]}));
        for generation in [Generation::V2023, Generation::V2024] {
            let wants = |body| read(generation, "Target", body).unwrap().wants(&item);
            assert!(wants(json!({"category": "retail"})));
            assert!(wants(json!({"parentTargets": ["a"]})));
            assert!(!wants(json!({"category": ["retail"]})));
            let operator = json!({"category": {"$in": ["retail"]}});
            assert!(!wants(operator.clone()));
            let doubts = read(generation, "Target", operator)
                .unwrap()
                .doubts(generation);
            assert_eq!(
                (doubts.len(), doubts[0].field.as_str()),
                (1, "data.query.category")
            );
            assert!(doubts[0].reason.contains("`$in`") && !doubts[0].is_fatal());
        }
    }
}
