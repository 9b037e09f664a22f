//! The table of the profile, one test a row, on schemas as they may be written by hand too.

use std::borrow::Cow;

use schemars::generate::Contract;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::argument;
use crate::schema::generate::Raw;
use crate::schema::{SchemaError, of_argument, of_emitter, profile};

pub(super) fn try_profile_of(schema: &Value) -> Result<Value, SchemaError> {
    let raw = Raw {
        schema: schema.clone(),
        definitions: Map::new(),
        contract: Contract::Deserialize,
    };
    Ok(profile::of(&raw)?.schema)
}

pub(super) fn profile_of(schema: &Value) -> Value {
    try_profile_of(schema).expect("a schema")
}

#[test]
fn a_type_with_null_becomes_the_type_and_its_field_is_optional() {
    let schema = json!({
        "type": "object",
        "properties": {"level": {"type": ["number", "null"], "default": null}, "on": {"type": "boolean"}},
        "required": ["on"],
    });
    assert_eq!(
        profile_of(&schema),
        json!({
            "type": "object",
            "properties": {"level": {"type": "number"}, "on": {"type": "boolean"}},
            "required": ["on"],
        })
    );
}

#[test]
fn an_optional_field_of_an_emitter_is_not_required() {
    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "only the schema is of interest")]
    struct Level {
        level: Option<f64>,
        on: bool,
    }
    let emitted = of_emitter::<Level>().expect("a schema").schema;
    assert_eq!(emitted["required"], json!(["on"]));
    assert_eq!(
        emitted["properties"]["level"],
        json!({"type": "number", "format": "double"})
    );
}

#[test]
fn a_union_with_null_becomes_the_inner_schema() {
    let optional =
        |inner: Value| json!({"anyOf": [inner, {"type": "null"}], "description": "mine"});
    assert_eq!(
        profile_of(&optional(
            json!({"type": "object", "properties": {"x": {"type": "number"}}})
        )),
        json!({"type": "object", "properties": {"x": {"type": "number"}}, "description": "mine"})
    );
    assert_eq!(
        profile_of(&optional(json!({"type": "string", "enum": ["a"]}))),
        json!({"type": "string", "enum": ["a"], "oneOf": [{"const": "a", "title": "A"}], "description": "mine"})
    );
}

#[test]
fn whether_null_is_admitted_is_said_beside_the_schema() {
    assert!(of_argument::<Option<f64>>().expect("a schema").nullable);
    assert!(of_argument::<()>().expect("a schema").nullable);
    assert!(of_argument::<Value>().expect("a schema").nullable);
    assert!(!of_argument::<f64>().expect("a schema").nullable);
    assert!(
        !of_argument::<Vec<Option<f64>>>()
            .expect("a schema")
            .nullable
    );
    assert!(
        !of_argument::<std::collections::BTreeMap<String, u8>>()
            .expect("a schema")
            .nullable
    );
}

#[test]
fn a_property_that_is_true_becomes_an_object_without_type() {
    let schema = json!({"type": "object", "properties": {"any": true, "none": false}});
    assert_eq!(
        profile_of(&schema),
        json!({"type": "object", "properties": {"any": {}, "none": {}}})
    );
}

#[test]
fn a_field_that_needs_its_key_and_admits_null_takes_anything() {
    let schema = json!({
        "type": "object",
        "properties": {"unit": {"type": "null"}, "value": {"type": ["number", "null"], "minimum": 1}},
        "required": ["unit", "value"],
    });
    assert_eq!(
        profile_of(&schema),
        json!({
            "type": "object",
            "properties": {"unit": {}, "value": {"minimum": 1}},
            "required": ["unit", "value"],
        })
    );
}

#[test]
fn references_are_written_in_place_without_definitions_or_dialect() {
    let raw = Raw {
        schema: json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "properties": {"a": {"$ref": "#/$defs/A%20b~1c", "description": "mine"}},
            "$defs": {"A b/c": {"type": "boolean"}},
            "definitions": {},
        }),
        definitions: json!({"A b/c": {"type": "boolean"}})
            .as_object()
            .cloned()
            .expect("a map"),
        contract: Contract::Deserialize,
    };
    assert_eq!(
        profile::of(&raw).expect("a schema").schema,
        json!({"type": "object", "properties": {"a": {"type": "boolean", "description": "mine"}}})
    );
}

#[test]
fn a_tuple_of_one_schema_becomes_a_list_and_another_one_has_no_type() {
    assert_eq!(
        argument::<(f64, f64)>(),
        json!({"type": "array", "items": {"type": "number", "format": "double"}, "minItems": 2, "maxItems": 2})
    );
    assert_eq!(
        argument::<(f64, String)>(),
        json!({"minItems": 2, "maxItems": 2})
    );
    let draft7 =
        json!({"type": "array", "items": [{"type": "string"}, {"type": "string", "title": "b"}]});
    assert_eq!(
        profile_of(&draft7),
        json!({"type": "array", "items": {"type": "string"}})
    );
}

#[test]
fn a_map_has_no_type() {
    for map in [
        json!({"type": "object", "additionalProperties": {"type": "number"}}),
        json!({"type": "object", "additionalProperties": true}),
        json!({"type": "object", "patternProperties": {"^a": {}}, "additionalProperties": false}),
    ] {
        assert_eq!(profile_of(&map), json!({}), "{map}");
    }
}

#[test]
fn a_struct_that_takes_further_fields_keeps_its_own() {
    let schema = json!({
        "type": "object",
        "properties": {"name": {"type": "string"}},
        "required": ["name"],
        "additionalProperties": {"type": "number"},
    });
    assert_eq!(
        profile_of(&schema),
        json!({"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]})
    );
}

#[test]
fn a_struct_that_refuses_unknown_fields_stays_closed() {
    let closed = json!({
        "type": "object",
        "properties": {"name": {"type": "string"}},
        "required": ["name"],
        "additionalProperties": false,
    });
    assert_eq!(profile_of(&closed), closed);
}

#[test]
fn all_of_is_merged() {
    let schema = json!({
        "description": "mine",
        "allOf": [
            {"type": "object", "properties": {"a": {"type": "number"}}, "required": ["a"], "description": "its"},
            {"properties": {"b": {"type": "string"}, "a": {"minimum": 1}}, "required": ["b", "a"]},
        ],
    });
    assert_eq!(
        profile_of(&schema),
        json!({
            "type": "object",
            "description": "mine",
            "properties": {"a": {"type": "number", "minimum": 1}, "b": {"type": "string"}},
            "required": ["a", "b"],
        })
    );
}

#[test]
fn all_of_does_not_close_what_another_part_adds() {
    let schema = json!({"allOf": [
        {"type": "object", "properties": {"a": {}}, "additionalProperties": false},
        {"type": "object", "properties": {"b": {}}},
    ]});
    assert_eq!(profile_of(&schema).get("additionalProperties"), None);
    let alone = json!({"description": "mine", "allOf": [
        {"type": "object", "properties": {"a": {}}, "additionalProperties": false},
    ]});
    assert_eq!(profile_of(&alone)["additionalProperties"], json!(false));
}

#[test]
fn titles_are_texts_and_items_are_objects() {
    let schema = json!({"type": "array", "title": 5, "description": ["x"], "items": true});
    assert_eq!(profile_of(&schema), json!({"type": "array", "items": {}}));
    let schema = json!({"type": "array", "title": "Levels", "items": false, "maxItems": 0});
    assert_eq!(
        profile_of(&schema),
        json!({"type": "array", "title": "Levels", "maxItems": 0})
    );
}

#[test]
fn the_name_of_a_type_is_no_title_but_a_heading_is() {
    /// # Main fader
    ///
    /// Of the desk.
    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "only the schema is of interest")]
    struct Fader {
        level: Level,
    }
    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "only the schema is of interest")]
    struct Level(bool);

    let schema = argument::<Fader>();
    assert_eq!(schema["title"], json!("Main fader"));
    assert_eq!(schema["description"], json!("Of the desk."));
    assert_eq!(schema["properties"]["level"], json!({"type": "boolean"}));
}

#[test]
fn integer_constants_lose_their_titles() {
    assert_eq!(
        profile_of(&json!({"const": 1, "title": "One"})),
        json!({"type": "integer", "const": 1})
    );
    assert_eq!(
        profile_of(&json!({"oneOf": [{"const": 1, "title": "One"}, {"const": 2, "title": "Two"}]})),
        json!({"type": "integer", "enum": [1, 2]})
    );
}

#[test]
fn colors_and_formats_are_left_alone() {
    let color = json!({
        "type": "object",
        "properties": {
            "r": {"type": "number", "format": "float"},
            "g": {"type": "number", "format": "float"},
            "b": {"type": "number", "format": "float"},
        },
        "required": ["r", "g", "b"],
    });
    assert_eq!(profile_of(&color), color);
    for format in ["exec-tick", "gradient"] {
        assert_eq!(
            profile_of(&json!({"format": format})),
            json!({"format": format})
        );
    }
}

#[test]
fn words_bounds_defaults_and_unknown_keywords_are_left_alone() {
    let schema = json!({
        "type": "integer", "format": "my-own", "minimum": 1, "exclusiveMaximum": 9, "multipleOf": 2,
        "description": "how many", "default": 4, "examples": [{"$ref": true}], "deprecated": true,
        "unit": "dB",
    });
    assert_eq!(profile_of(&schema), schema);
}

#[test]
fn every_integer_format_has_its_range() {
    let range = |schema: Value| (schema["minimum"].clone(), schema["maximum"].clone());
    assert_eq!(range(argument::<i32>()), (json!(i32::MIN), json!(i32::MAX)));
    assert_eq!(range(argument::<u64>()), (json!(0), json!(u64::MAX)));
    assert_eq!(
        range(argument::<isize>()),
        (json!(isize::MIN), json!(isize::MAX))
    );
    assert_eq!(
        range(argument::<std::num::NonZeroU32>()),
        (json!(1), json!(u32::MAX))
    );
    assert_eq!(range(argument::<u128>()), (json!(0), json!(u64::MAX)));
    assert_eq!(
        range(of_emitter::<i128>().expect("a schema").schema),
        (json!(null), json!(null))
    );
    assert_eq!(
        range(profile_of(
            &json!({"type": "integer", "format": "uint8", "maximum": 7})
        )),
        (json!(0), json!(7))
    );
}

#[test]
fn a_root_that_is_no_object_stays_what_it_is() {
    assert_eq!(argument::<bool>(), json!({"type": "boolean"}));
    assert_eq!(
        argument::<Vec<bool>>(),
        json!({"type": "array", "items": {"type": "boolean"}})
    );
}

#[test]
fn a_list_that_may_hold_nulls_has_items_without_type() {
    assert_eq!(
        argument::<Vec<Option<u8>>>(),
        json!({"type": "array", "items": {"format": "uint8", "minimum": 0, "maximum": 255}})
    );
}

#[test]
fn several_types_are_no_type() {
    assert_eq!(
        profile_of(&json!({"type": ["string", "boolean", "null"]})),
        json!({})
    );
    assert_eq!(
        profile_of(&json!({"type": ["integer", "number"]})),
        json!({"type": "number"})
    );
}

#[test]
fn assertions_that_no_server_reads_are_left_to_the_decoder() {
    let schema = json!({
        "type": "integer", "not": {"const": 0}, "if": {}, "then": {}, "else": {},
        "unevaluatedProperties": false, "propertyNames": {}, "uniqueItems": true, "$id": "x", "$comment": "y",
    });
    assert_eq!(profile_of(&schema), json!({"type": "integer"}));
}

#[test]
fn unsized_and_shared_types_have_the_schema_of_what_they_hold() {
    let schema =
        |found: Result<crate::schema::TypeSchema, SchemaError>| found.expect("a schema").schema;
    assert_eq!(schema(of_argument::<str>()), json!({"type": "string"}));
    assert_eq!(schema(of_argument::<[bool]>()), argument::<Vec<bool>>());
    assert_eq!(
        schema(of_emitter::<std::sync::Arc<str>>()),
        json!({"type": "string"})
    );
}

#[test]
fn arguments_follow_the_decoder_and_emitters_the_encoder() {
    #[derive(Serialize, Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "only the schema is of interest")]
    struct Both {
        #[serde(skip_serializing)]
        only_in: bool,
        #[serde(skip_deserializing)]
        only_out: bool,
        #[serde(rename(serialize = "out", deserialize = "in"))]
        named: bool,
    }
    let names = |schema: Value| {
        let fields = schema["properties"]
            .as_object()
            .cloned()
            .unwrap_or_default();
        let mut names: Vec<String> = fields.keys().cloned().collect();
        names.sort();
        names
    };
    assert_eq!(names(argument::<Both>()), ["in", "only_in"]);
    assert_eq!(
        names(of_emitter::<Both>().expect("a schema").schema),
        ["only_out", "out"]
    );
}

struct Handwritten;

impl JsonSchema for Handwritten {
    fn schema_name() -> Cow<'static, str> {
        "Handwritten".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "$defs": {"X": {}},
            "type": ["object"],
            "properties": {"x": {"anyOf": [{"$comment": "no"}, {"type": "null"}]}},
        })
    }
}

#[test]
fn a_handwritten_schema_goes_through_the_profile_too() {
    assert_eq!(
        argument::<Handwritten>(),
        json!({"type": "object", "properties": {"x": {}}})
    );
}
