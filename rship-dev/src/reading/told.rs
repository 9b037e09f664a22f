//! An entity in the form in which an executor tells servers of each generation.

use rship_core::wire::Generation;
use serde_json::Value;

/// An entity of a manifest for servers of this generation.
pub(crate) fn as_told(generation: Generation, item_type: &str, mut item: Value) -> Value {
    let Value::Object(fields) = &mut item else {
        return item;
    };
    match item_type {
        "Instance" if generation != Generation::V2026 => {
            // The server says it, and the executor writes it down.
            fields.insert("clientId".to_owned(), "client".into());
        }
        "Action" if generation == Generation::V2023 => {
            if let Some(schema) = fields.get_mut("schema").filter(|schema| schema.is_object()) {
                *schema = schema.to_string().into();
            }
        }
        "Emitter" if generation == Generation::V2023 => {
            fields.remove("schema");
        }
        _ => {}
    }
    item
}

/// The entity that servers of this generation were told, as a manifest has it.
pub(crate) fn as_meant(generation: Generation, item_type: &str, mut item: Value) -> Value {
    if (generation, item_type) == (Generation::V2023, "Action")
        && let Some(schema) = item.get_mut("schema")
        && let Some(text) = schema.as_str()
        // What cannot be read is judged as it is.
        && let Ok(read) = serde_json::from_str(text)
    {
        *schema = read;
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
        let told = |generation| as_told(generation, "Action", document.clone());
        assert_eq!(told(Generation::V2023), text);
        assert_eq!(told(Generation::V2024), document);
        assert_eq!(told(Generation::V2026), document);
        let meant = as_meant(Generation::V2023, "Action", text.clone());
        assert_eq!(meant, document);
        assert_eq!(as_meant(Generation::V2026, "Action", text.clone()), text);
        let emitter = as_told(Generation::V2023, "Emitter", document);
        assert_eq!(emitter, json!({"id": "t:a"}));
    }
}
