//! What comes as the arguments of an action: checked as a device checks it, by the manifest alone.

use rship_core::payload::{Checker, Got, PayloadError};
use serde_json::{Value, json};

/// What an action takes.
pub(super) struct Taken {
    schema: Value,
    checker: Checker,
    /// A setter takes the value itself, or an object with the value under one of these names.
    names: Option<[String; 2]>,
}

impl Taken {
    /// What an action with this schema takes; `sets` is the emitter that it is the setter of.
    pub(super) fn new(schema: Value, sets: Option<&str>) -> Self {
        Self {
            checker: Checker::compile(&schema),
            schema,
            // The name of a field is not in a manifest; that of its emitter is made of it.
            names: sets.map(|emitter| [emitter.replace('-', "_"), emitter.to_owned()]),
        }
    }

    /// Checks a payload, and brings it to the form in which it is used; returns the paths of arguments that nobody
    /// knows.
    pub(super) fn prepare(&self, payload: &mut Value) -> Result<Vec<String>, PayloadError> {
        let (Some(names), Some(name)) = (&self.names, self.wrapped(payload)) else {
            return self.check(payload);
        };
        // A value that is itself an object with such a field is taken as the value first.
        if self.takes_objects() {
            let mut own = payload.clone();
            if let Ok(unknown) = self.check(&mut own)
                && unknown.is_empty()
            {
                *payload = own;
                return Ok(unknown);
            }
        }
        *payload = payload.get_mut(&name).map(Value::take).unwrap_or_default();
        self.check(payload).map_err(|error| error.under(&names[0]))
    }

    fn check(&self, payload: &mut Value) -> Result<Vec<String>, PayloadError> {
        let unknown = self.checker.check(payload)?;
        strictly(&self.schema, payload, &mut String::new())?;
        Ok(unknown)
    }

    fn takes_objects(&self) -> bool {
        self.schema.get("type").is_none_or(|kind| kind == "object")
    }

    /// The name under which the value is, if that is all there is.
    fn wrapped(&self, payload: &Value) -> Option<String> {
        let object = payload.as_object()?;
        let name = object.keys().next().filter(|_| object.len() == 1)?;
        let names = self.names.as_ref()?;
        names.contains(name).then(|| name.clone())
    }
}

/// Refuses what the check leaves to the decoder of a device: nulls in arrays, and fields that are missing beside one
/// that nobody knows.
fn strictly(schema: &Value, value: &mut Value, path: &mut String) -> Result<(), PayloadError> {
    let length = path.len();
    match value {
        Value::Array(all) => {
            let Some(items) = schema.get("items").filter(|items| items.is_object()) else {
                return Ok(());
            };
            let of_null = refusal_of_null(items);
            for (index, item) in all.iter_mut().enumerate() {
                path.push_str(&format!("[{index}]"));
                match &of_null {
                    Some(error) if item.is_null() => {
                        return Err(PayloadError {
                            path: path.clone(),
                            ..error.clone()
                        });
                    }
                    _ => strictly(items, item, path)?,
                }
                path.truncate(length);
            }
        }
        Value::Object(fields) => {
            let required = schema.get("required").and_then(Value::as_array);
            let named = |name: &str| schema.get("properties").and_then(|all| all.get(name));
            for name in required.into_iter().flatten().filter_map(Value::as_str) {
                if !fields.contains_key(name) {
                    push(path, name);
                    let expected = named(name).and_then(refusal_of_null);
                    return Err(PayloadError {
                        path: path.clone(),
                        expected: expected.map_or_else(|| "a value".to_owned(), |one| one.expected),
                        got: Got::Missing,
                    });
                }
            }
            for (name, field) in fields {
                if let Some(schema) = named(name) {
                    push(path, name);
                    strictly(schema, field, path)?;
                    path.truncate(length);
                }
            }
        }
        _ => {}
    }
    Ok(())
}

/// What is said of a null in this place, which is not one that somebody sends for no arguments at all.
fn refusal_of_null(schema: &Value) -> Option<PayloadError> {
    let around = json!({"properties": {"place": schema}, "required": ["place"]});
    let checked = Checker::compile(&around).check(&mut json!({"place": null}));
    checked.err()
}

fn push(path: &mut String, name: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(name);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(taken: &Taken, mut payload: Value) -> String {
        match taken.prepare(&mut payload) {
            Ok(_) => payload.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_setter_takes_the_value_itself_or_under_a_name_of_its_field() {
        let taken = Taken::new(json!({"type": "number", "maximum": 1}), Some("low-cut"));
        assert_eq!(said(&taken, json!(0.5)), "0.5");
        assert_eq!(said(&taken, json!({"low-cut": 0.5})), "0.5");
        assert_eq!(
            said(&taken, json!({"low_cut": 2})),
            "argument `low_cut`: expected a number of at most 1, got 2"
        );
        assert_eq!(
            said(&taken, json!(2)),
            "the payload: expected a number of at most 1, got 2"
        );
        assert_eq!(
            said(&taken, json!({"level": 0.5})),
            "the payload: expected a number of at most 1, got an object"
        );
    }

    #[test]
    fn what_only_a_decoder_would_refuse_is_refused() {
        let point =
            json!({"type": "object", "required": ["x"], "properties": {"x": {"type": "number"}}});
        let schema = json!({
            "type": "object",
            "properties": {
                "all": {"type": "array", "items": {"type": "integer"}},
                "points": {"type": "array", "items": point},
            },
        });
        let taken = Taken::new(schema, None);
        assert_eq!(said(&taken, json!({"all": [1, 2.0]})), r#"{"all":[1,2]}"#);
        assert_eq!(
            said(&taken, json!({"all": [1, null]})),
            "argument `all[1]` is null: expected an integer"
        );
        assert_eq!(
            said(&taken, json!({"points": [null]})),
            "argument `points[0]` is null: expected an object"
        );
        assert_eq!(
            said(&taken, json!({"points": [{"x": 1}, {"y": 1}]})),
            "argument `points[1].x` is missing: expected a number"
        );
    }
}
