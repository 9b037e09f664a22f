//! What the checker and the decoder say to the person who sent a payload.

mod checks;
mod decoding;
mod words;

use serde_json::{Value, json};

use super::Checker;

fn check(schema: &Value, payload: &Value) -> Result<(Value, Vec<String>), String> {
    let mut payload = payload.clone();
    match Checker::compile(schema).check(&mut payload) {
        Ok(unknown) => Ok((payload, unknown)),
        Err(error) => Err(error.to_string()),
    }
}

fn normalized(schema: &Value, payload: &Value) -> Value {
    check(schema, payload).expect("a good payload").0
}

fn refusal(schema: &Value, payload: &Value) -> String {
    check(schema, payload).expect_err("a bad payload")
}

fn arguments(properties: Value, required: &[&str]) -> Value {
    json!({"type": "object", "properties": properties, "required": required})
}

fn count() -> Value {
    arguments(
        json!({"count": {"type": "integer", "format": "uint32", "minimum": 1, "maximum": 12}}),
        &["count"],
    )
}
