//! Arguments put together to one object.

use schemars::JsonSchema;
use serde_json::json;

use crate::schema::{ObjectSchema, Property, SchemaError, TypeSchema, of_argument};

#[derive(JsonSchema)]
#[allow(dead_code, reason = "only the schema is of interest")]
#[schemars(deny_unknown_fields)]
struct Fade {
    to: f64,
    seconds: Option<f64>,
}

fn property<T: JsonSchema>(name: &str) -> Property {
    let schema = of_argument::<T>().expect("a schema");
    Property {
        name: name.to_owned(),
        required: !schema.nullable,
        schema,
        description: None,
        default: None,
        minimum: None,
        maximum: None,
    }
}

#[test]
fn no_arguments_are_an_empty_object() {
    assert_eq!(
        ObjectSchema::new().finish(),
        json!({"type": "object", "properties": {}})
    );
}

#[test]
fn required_keeps_the_order_of_the_arguments() {
    let mut arguments = ObjectSchema::new();
    arguments
        .property(property::<bool>("z"))
        .property(property::<bool>("a"));
    assert_eq!(arguments.finish()["required"], json!(["z", "a"]));
}

#[test]
fn an_argument_says_more_than_its_type() {
    let mut arguments = ObjectSchema::new();
    arguments.property(Property {
        description: Some("how many".to_owned()),
        default: Some(json!(2)),
        minimum: Some(json!(1)),
        maximum: Some(json!(12)),
        required: false,
        ..property::<u8>("count")
    });
    assert_eq!(
        arguments.finish(),
        json!({"type": "object", "properties": {"count": {
            "type": "integer", "format": "uint8", "minimum": 1, "maximum": 12,
            "default": 2, "description": "how many",
        }}})
    );
}

#[test]
fn a_null_default_is_not_written() {
    let mut arguments = ObjectSchema::new();
    arguments.property(Property {
        default: Some(json!(null)),
        ..property::<Option<bool>>("lit")
    });
    let schema = arguments.finish();
    assert_eq!(schema["properties"]["lit"], json!({"type": "boolean"}));
}

#[test]
fn a_flattened_struct_gives_its_fields_what_it_requires_and_that_it_refuses_others() {
    let mut arguments = ObjectSchema::new();
    arguments.property(property::<bool>("lit"));
    arguments
        .flatten(of_argument::<Fade>().expect("a schema"))
        .expect("a struct");
    assert_eq!(
        arguments.finish(),
        json!({
            "type": "object",
            "properties": {
                "lit": {"type": "boolean"},
                "to": {"type": "number", "format": "double"},
                "seconds": {"type": "number", "format": "double"},
            },
            "required": ["lit", "to"],
            "additionalProperties": false,
        })
    );
}

#[test]
fn a_flattened_optional_struct_requires_nothing() {
    let mut arguments = ObjectSchema::new();
    arguments
        .flatten(of_argument::<Option<Fade>>().expect("a schema"))
        .expect("a struct");
    assert_eq!(arguments.finish().get("required"), None);
}

#[test]
fn what_is_no_struct_cannot_be_flattened() {
    let flatten = |schema: TypeSchema| ObjectSchema::new().flatten(schema);
    let error = flatten(of_argument::<f64>().expect("a schema")).expect_err("a number");
    assert_eq!(
        error,
        SchemaError::NotAnObject {
            got: "a number".to_owned()
        }
    );
    assert_eq!(
        error.to_string(),
        "only a struct can be flattened into the arguments, and this type is a number; \
         note: take it as an argument of its own"
    );
    assert!(flatten(of_argument::<serde_json::Value>().expect("a schema")).is_err());
}

#[test]
fn a_flattened_field_with_the_name_of_an_argument_is_an_error() {
    let mut arguments = ObjectSchema::new();
    arguments.property(property::<bool>("to"));
    let error = arguments.flatten(of_argument::<Fade>().expect("a schema"));
    assert_eq!(
        error,
        Err(SchemaError::Duplicate {
            name: "to".to_owned()
        })
    );
}
