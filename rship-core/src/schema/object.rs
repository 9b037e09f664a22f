//! The arguments of one action as one object.

use serde_json::{Value, json};

use super::profile::{Schema, list};
use super::{SchemaError, TypeSchema};
use crate::json::set;

/// One argument.
#[derive(Debug, Clone, PartialEq)]
pub struct Property {
    /// The name on the wire.
    pub name: String,
    /// The schema of its type.
    pub schema: TypeSchema,
    /// What a person is told about it; replaces what its type says.
    pub description: Option<String>,
    /// Whether a payload without it is refused.
    pub required: bool,
    /// What a payload without it means.
    pub default: Option<Value>,
    /// The smallest value that is taken; replaces what its type says.
    pub minimum: Option<Value>,
    /// The largest value that is taken; replaces what its type says.
    pub maximum: Option<Value>,
}

/// The arguments of one action put together to one object schema.
///
/// ```
/// use rship_core::schema::{self, ObjectSchema, Property};
/// use serde_json::json;
///
/// let mut arguments = ObjectSchema::new();
/// arguments.property(Property {
///     name: "lit".to_owned(),
///     schema: schema::of_argument::<bool>()?,
///     description: Some("whether the sign is lit".to_owned()),
///     required: true,
///     default: None,
///     minimum: None,
///     maximum: None,
/// });
/// assert_eq!(
///     arguments.finish(),
///     json!({
///         "type": "object",
///         "properties": {"lit": {"type": "boolean", "description": "whether the sign is lit"}},
///         "required": ["lit"],
///     })
/// );
/// # Ok::<(), schema::SchemaError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct ObjectSchema {
    properties: Schema,
    required: Vec<String>,
    /// Whether an unknown argument is refused.
    closed: bool,
}

impl ObjectSchema {
    /// An object without fields: what an action without arguments takes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether an argument of this name was added.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.properties.contains_key(name)
    }

    /// Adds one argument. One of the same name that is there already is replaced.
    pub fn property(&mut self, property: Property) -> &mut Self {
        let mut schema = match property.schema.schema {
            Value::Object(schema) => schema,
            _ => Schema::new(),
        };
        let words = property.description.map(Value::String);
        let default = property.default.filter(|default| !default.is_null());
        let overrides = [
            ("description", words),
            ("default", default),
            ("minimum", property.minimum),
            ("maximum", property.maximum),
        ];
        for (key, value) in overrides {
            if let Some(value) = value {
                set(&mut schema, key, value);
            }
        }
        self.required.retain(|name| *name != property.name);
        if property.required {
            self.required.push(property.name.clone());
        }
        self.properties.insert(property.name, Value::Object(schema));
        self
    }

    /// Puts the fields of a struct beside the other arguments; those of an `Option` of a struct are
    /// all optional. A struct that refuses unknown fields has the whole payload refuse unknown arguments.
    ///
    /// # Errors
    /// [`SchemaError::NotAnObject`] when the type is not a struct, [`SchemaError::Duplicate`] when one of
    /// its fields has the name of an argument that was added before.
    pub fn flatten(&mut self, schema: TypeSchema) -> Result<(), SchemaError> {
        let fields = match schema.schema {
            Value::Object(fields) if fields.get("type") == Some(&json!("object")) => fields,
            other => {
                return Err(SchemaError::NotAnObject {
                    got: shape_of(&other).to_owned(),
                });
            }
        };
        self.closed |= fields.get("additionalProperties") == Some(&Value::Bool(false));
        let properties = fields.get("properties").and_then(Value::as_object);
        for (name, property) in properties.into_iter().flatten() {
            if self.properties.contains_key(name) {
                return Err(SchemaError::Duplicate { name: name.clone() });
            }
            self.properties.insert(name.clone(), property.clone());
        }
        if !schema.nullable {
            let required = list(&fields, "required").iter().filter_map(Value::as_str);
            self.required.extend(required.map(str::to_owned));
        }
        Ok(())
    }

    /// The schema of the whole payload.
    #[must_use]
    pub fn finish(self) -> Value {
        let mut schema = Schema::new();
        set(&mut schema, "type", json!("object"));
        set(&mut schema, "properties", Value::Object(self.properties));
        if !self.required.is_empty() {
            set(&mut schema, "required", json!(self.required));
        }
        if self.closed {
            set(&mut schema, "additionalProperties", json!(false));
        }
        Value::Object(schema)
    }
}

fn shape_of(schema: &Value) -> &'static str {
    match schema.get("type").and_then(Value::as_str) {
        Some("string") => "a string",
        Some("integer") => "an integer",
        Some("number") => "a number",
        Some("boolean") => "a boolean",
        Some("array") => "an array",
        _ => "one that takes more than objects",
    }
}
