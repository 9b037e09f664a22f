//! The rows of the table about enums: choices, and the union of what variants hold.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::argument;
use super::rows::profile_of;

#[test]
fn unit_variants_become_choices_with_titles() {
    assert_eq!(
        profile_of(&json!({"type": "string", "enum": ["warm-white", "off"]})),
        json!({
            "type": "string",
            "enum": ["warm-white", "off"],
            "oneOf": [
                {"const": "warm-white", "title": "Warm white"},
                {"const": "off", "title": "Off"},
            ],
        })
    );
}

#[test]
fn documented_and_undocumented_variants_are_all_there() {
    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "only the schema is of interest")]
    enum Lamp {
        Off,
        /// Shines.
        On,
        Blink,
    }
    assert_eq!(
        argument::<Lamp>(),
        json!({
            "type": "string",
            "enum": ["Off", "Blink", "On"],
            "oneOf": [
                {"const": "Off", "title": "Off"},
                {"const": "Blink", "title": "Blink"},
                {"const": "On", "title": "On", "description": "Shines."},
            ],
        })
    );
}

#[test]
fn choices_that_look_the_same_are_shown_as_they_are_written() {
    let titles = |schema: &Value| {
        let entries = profile_of(schema)["oneOf"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        entries
            .iter()
            .map(|entry| entry["title"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(titles(&json!({"enum": ["a", "A", "b"]})), ["a", "A", "B"]);
    assert_eq!(
        titles(&json!({"oneOf": [{"const": "a"}, {"const": "A"}]})),
        ["a", "A"]
    );
}

#[test]
fn a_title_that_a_person_gave_to_a_choice_is_kept() {
    let schema = json!({"oneOf": [
        {"type": "string", "const": "a", "title": "Ä", "description": "first", "deprecated": true},
        {"type": "string", "enum": ["b"]},
    ]});
    assert_eq!(
        profile_of(&schema)["oneOf"],
        json!([{"const": "a", "title": "Ä", "description": "first"}, {"const": "b", "title": "B"}])
    );
}

#[test]
fn an_enum_with_data_becomes_an_object_with_its_tag_as_choices() {
    #[derive(Deserialize, JsonSchema)]
    #[serde(tag = "kind", rename_all = "lowercase")]
    #[allow(dead_code, reason = "only the schema is of interest")]
    enum Source {
        /// From a disk.
        File {
            path: String,
            speed: f64,
        },
        Input {
            number: bool,
            speed: f64,
        },
        Nothing,
    }
    assert_eq!(
        argument::<Source>(),
        json!({
            "type": "object",
            "properties": {
                "kind": {
                    "type": "string",
                    "enum": ["file", "input", "nothing"],
                    "oneOf": [
                        {"const": "file", "title": "File", "description": "From a disk."},
                        {"const": "input", "title": "Input"},
                        {"const": "nothing", "title": "Nothing"},
                    ],
                },
                "path": {"type": "string"},
                "number": {"type": "boolean"},
                "speed": {"type": "number", "format": "double"},
            },
            "required": ["kind"],
        })
    );
}

#[test]
fn nothing_beyond_the_tag_is_required_even_if_all_variants_have_it() {
    #[derive(Deserialize, JsonSchema)]
    #[serde(tag = "kind")]
    #[allow(dead_code, reason = "only the schema is of interest")]
    enum Both {
        A { x: bool },
        B { x: bool },
    }
    assert_eq!(argument::<Both>()["required"], json!(["kind"]));
}

#[test]
fn an_externally_tagged_enum_becomes_an_object_with_a_field_for_each_variant() {
    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "only the schema is of interest")]
    enum Change {
        /// At once.
        Set(f64),
        Name(String),
    }
    assert_eq!(
        argument::<Change>(),
        json!({
            "type": "object",
            "properties": {
                "Set": {"type": "number", "format": "double", "description": "At once."},
                "Name": {"type": "string"},
            },
            "additionalProperties": false,
        })
    );
}

#[test]
fn unit_variants_beside_data_leave_the_type_open_and_say_their_texts() {
    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "only the schema is of interest")]
    enum Change {
        Stop,
        Set(bool),
    }
    assert_eq!(
        argument::<Change>(),
        json!({
            "properties": {"Set": {"type": "boolean"}},
            "description": "one of the strings \"Stop\", or an object with one of the fields",
        })
    );

    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "only the schema is of interest")]
    struct Holder {
        /// What to do.
        change: Change,
    }
    assert_eq!(
        argument::<Holder>()["properties"]["change"]["description"],
        json!("What to do.\n\none of the strings \"Stop\", or an object with one of the fields")
    );
}

#[test]
fn a_field_of_another_type_in_each_variant_takes_what_all_take() {
    let variant = |tag: &str, value: Value| json!({"type": "object", "properties": {"t": {"const": tag}, "v": value}, "required": ["t", "v"]});
    let value_of = |one: Value, other: Value| {
        profile_of(&json!({"oneOf": [variant("a", one), variant("b", other)]}))["properties"]["v"]
            .clone()
    };
    let (text, number, integer) = (
        json!({"type": "string"}),
        json!({"type": "number"}),
        json!({"type": "integer"}),
    );
    assert_eq!(value_of(text.clone(), number.clone()), json!({}));
    assert_eq!(value_of(integer.clone(), number.clone()), number);
    assert_eq!(value_of(text.clone(), json!({"const": "x"})), text);
    assert_eq!(
        value_of(
            json!({"type": "integer", "minimum": 1, "maximum": 3}),
            json!({"type": "integer", "minimum": -2, "maximum": 2})
        ),
        json!({"type": "integer", "minimum": -2, "maximum": 3})
    );
    assert_eq!(
        value_of(
            json!({"type": "array", "items": integer.clone()}),
            json!({"type": "array", "items": number.clone()})
        ),
        json!({"type": "array", "items": number})
    );
}
