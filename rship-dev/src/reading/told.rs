//! An entity in the form in which an executor tells servers of each generation.

use rship_core::wire::Generation;
use serde_json::Value;

/// The entity, as a manifest or any server has it, for servers of this generation.
pub(crate) fn as_told(generation: Generation, item_type: &str, mut item: Value) -> Value {
    let Value::Object(fields) = &mut item else {
        return item;
    };
    match item_type {
        "Instance" if generation != Generation::V2026 => {
            // The server says it, and the executor writes it down.
            fields.insert("clientId".to_owned(), "client".into());
        }
        "Action" => {
            if let Some(schema) = fields.get_mut("schema") {
                match (generation, &*schema) {
                    (Generation::V2023, Value::Object(_)) => *schema = schema.to_string().into(),
                    (Generation::V2024 | Generation::V2026, Value::String(text)) => {
                        // What cannot be read stays, and is judged as it is.
                        if let Ok(read) = serde_json::from_str(text) {
                            *schema = read;
                        }
                    }
                    _ => {}
                }
            }
        }
        "Emitter" if generation == Generation::V2023 => {
            fields.remove("schema");
        }
        _ => {}
    }
    item
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_schema_is_text_for_2023_and_a_document_for_others() {
        let schema = json!({"type": "object"});
        let document = json!({"id": "t:a", "schema": schema});
        let text = json!({"id": "t:a", "schema": schema.to_string()});
        for from in [&document, &text] {
            let told = |generation| as_told(generation, "Action", from.clone());
            assert_eq!(told(Generation::V2023), text);
            assert_eq!(told(Generation::V2024), document);
            assert_eq!(told(Generation::V2026), document);
        }
        let emitter = as_told(Generation::V2023, "Emitter", document);
        assert_eq!(emitter, json!({"id": "t:a"}));
    }
}
