//! What an action sets, as far as a manifest says it.

use rship_core::payload::Checker;
use serde_json::{Map, Value};

use super::chance::Chance;
use super::values;

/// The emitter whose state an action sets.
pub(super) struct Sets {
    /// Its position.
    pub(super) emitter: usize,
    /// The part of its id after `TARGET:`.
    pub(super) name: String,
    /// Whether the action takes what the emitter publishes.
    pub(super) is_setter: bool,
    /// The arguments of the action in the order in which a form shows them.
    pub(super) arguments: Vec<String>,
}

impl Sets {
    /// The value of the emitter after the action was called with a payload that was checked: the payload, or the argument
    /// of the emitter's name, or else the first that might be it; where there is none, some value that might follow.
    pub(super) fn value(
        &self,
        payload: &Value,
        (schema, fits): (&Value, &Checker),
        before: &Value,
        chance: &mut Chance,
    ) -> Value {
        if self.is_setter {
            return payload.clone();
        }
        let is_one = |value: &Value| {
            let mut value = value.clone();
            fits.check(&mut value)
                .is_ok_and(|unknown| unknown.is_empty())
                .then_some(value)
        };
        // Where anything fits, an object of arguments is none the more the value.
        let is_open = kind(schema).is_none();
        let arguments = payload
            .as_object()
            .filter(|_| is_open || is_one(payload).is_none());
        let Some(arguments) = arguments else {
            return is_one(payload).unwrap_or_else(|| payload.clone());
        };
        let of_its_name = [self.name.clone(), self.name.replace('-', "_")]
            .iter()
            .find_map(|name| is_one(arguments.get(name)?));
        of_its_name
            .or_else(|| self.in_order(arguments).find_map(is_one))
            .unwrap_or_else(|| values::next(schema, before, chance))
    }

    fn in_order<'a>(
        &'a self,
        arguments: &'a Map<String, Value>,
    ) -> impl Iterator<Item = &'a Value> {
        let known = self.arguments.iter().filter_map(|name| arguments.get(name));
        let is_known = |name: &String| self.arguments.contains(name);
        known.chain(
            arguments
                .iter()
                .filter(move |(name, _)| !is_known(name))
                .map(|(_, value)| value),
        )
    }
}

fn kind(schema: &Value) -> Option<&Value> {
    schema.get("type").or_else(|| schema.get("enum"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn set(name: &str, arguments: &[&str], schema: &Value, payload: &Value) -> Value {
        let sets = Sets {
            emitter: 0,
            name: name.to_owned(),
            is_setter: false,
            arguments: arguments.iter().map(ToString::to_string).collect(),
        };
        let checker = Checker::compile(schema);
        let mut chance = Chance::of(1, &[]);
        sets.value(payload, (schema, &checker), &json!(0.25), &mut chance)
    }

    #[test]
    fn the_value_is_the_payload_or_the_argument_that_might_be_it() {
        let level = json!({"type": "number", "minimum": 0, "maximum": 1});
        let set_level = |payload| set("level", &["to", "seconds"], &level, &payload);
        assert_eq!(set_level(json!(0.5)), json!(0.5));
        assert_eq!(
            set_level(json!({"seconds": 0.1, "level": 0.75})),
            json!(0.75)
        );
        assert_eq!(set_level(json!({"seconds": 0.1, "to": 0.75})), json!(0.75));
        assert_eq!(set_level(json!({"seconds": 0.1, "to": "up"})), json!(0.1));
        let moved = set_level(json!({"seconds": 3}));
        assert!(
            moved
                .as_f64()
                .is_some_and(|moved| (0.0..=1.0).contains(&moved)),
            "{moved}"
        );
        let picture = json!({"type": "object", "required": ["file"], "properties": {"file": {"type": "string"}}});
        let payload = json!({"file": "a.png"});
        assert_eq!(set("picture", &["file"], &picture, &payload), payload);
        assert_eq!(
            set("any", &["to"], &json!({}), &json!({"to": [1]})),
            json!([1])
        );
    }
}
