//! References in schemas. The profile has none, but other makers' manifests may.

use serde_json::{Map, Value};

/// How many parts a schema may have with its references written out.
const PARTS: usize = 100_000;
/// Where a reference is not one, but data.
const DATA: [&str; 5] = ["const", "default", "enum", "example", "examples"];

/// A schema with its references written out; `None` where it has none.
///
/// # Errors
/// When one cannot be followed, in words that follow the place of the schema.
pub(super) fn written_out(schema: &Value) -> Result<Option<Value>, String> {
    if !refers(schema) {
        return Ok(None);
    }
    let mut walk = Walk {
        root: schema,
        inside: Vec::new(),
        parts: 0,
    };
    walk.value(schema).map(Some)
}

fn refers(schema: &Value) -> bool {
    match schema {
        Value::Object(fields) => fields.iter().any(|(key, value)| {
            key == "$ref" && value.is_string() || !DATA.contains(&key.as_str()) && refers(value)
        }),
        Value::Array(items) => items.iter().any(refers),
        _ => false,
    }
}

struct Walk<'s> {
    root: &'s Value,
    /// The references that the walk is inside of.
    inside: Vec<&'s str>,
    parts: usize,
}

impl<'s> Walk<'s> {
    fn value(&mut self, value: &'s Value) -> Result<Value, String> {
        self.parts += 1;
        if self.parts > PARTS {
            return Err(format!(
                "has more than {PARTS} parts with its `$ref`s written out: write a smaller one"
            ));
        }
        match value {
            Value::Object(fields) => self.object(fields),
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            other => Ok(other.clone()),
        }
    }

    fn object(&mut self, fields: &'s Map<String, Value>) -> Result<Value, String> {
        let mut written = match fields.get("$ref") {
            Some(Value::String(reference)) => self.target(reference)?,
            _ => Map::new(),
        };
        for (key, value) in fields {
            let value = match key.as_str() {
                "$ref" | "$defs" | "definitions" => continue,
                key if DATA.contains(&key) => value.clone(),
                _ => self.value(value)?,
            };
            written.insert(key.clone(), value);
        }
        Ok(written.into())
    }

    fn target(&mut self, reference: &'s str) -> Result<Map<String, Value>, String> {
        if self.inside.contains(&reference) {
            return Err(format!(
                "has a `$ref` to `{reference}` that leads back to itself, which ends the process of a 2026 server: \
                 write the schema without it"
            ));
        }
        let root = self.root;
        let found = reference
            .strip_prefix('#')
            .and_then(|pointer| root.pointer(pointer));
        let Some(found) = found else {
            return Err(format!(
                "has a `$ref` to `{reference}`, which is not in it: write it into `$defs`"
            ));
        };
        self.inside.push(reference);
        let written = self.value(found);
        self.inside.pop();
        match written? {
            Value::Object(fields) => Ok(fields),
            _ => Ok(Map::new()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_are_written_out_and_what_cannot_be_is_said() {
        assert_eq!(written_out(&json!({"enum": [{"$ref": "#"}]})), Ok(None));
        let schema = json!({
            "$defs": {"unit": {"type": "number", "minimum": 0}},
            "type": "object",
            "properties": {"level": {"$ref": "#/$defs/unit", "maximum": 1}},
        });
        let level = json!({"type": "number", "minimum": 0, "maximum": 1});
        assert_eq!(
            written_out(&schema),
            Ok(Some(
                json!({"type": "object", "properties": {"level": level}})
            ))
        );
        let recursive =
            json!({"$defs": {"a": {"items": {"$ref": "#/$defs/a"}}}, "$ref": "#/$defs/a"});
        let error = written_out(&recursive).unwrap_err();
        assert!(error.contains("leads back to itself"), "{error}");
        let error = written_out(&json!({"$ref": "https://show.example/a"})).unwrap_err();
        assert!(error.contains("is not in it"), "{error}");
    }

    #[test]
    fn references_that_multiply_come_to_an_end() {
        let mut defs = json!({"d0": {"type": "number"}});
        for level in 1..40 {
            let below = json!({"$ref": format!("#/$defs/d{}", level - 1)});
            defs[format!("d{level}")] = json!({"properties": {"a": below, "b": below}});
        }
        let schema = json!({"$defs": defs, "$ref": "#/$defs/d39"});
        let error = written_out(&schema).unwrap_err();
        assert!(error.contains("more than"), "{error}");
    }
}
