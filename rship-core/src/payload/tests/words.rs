//! How a refusal reads.

use serde_json::{Value, json};

use super::{arguments, check, count, refusal};

#[test]
fn a_value_out_of_range_is_told_the_range() {
    assert_eq!(
        refusal(&count(), &json!({"count": 13})),
        "argument `count`: expected an integer from 1 to 12, got 13"
    );
    assert_eq!(
        refusal(&count(), &json!({"count": 0})),
        "argument `count`: expected an integer from 1 to 12, got 0"
    );
}

#[test]
fn a_missing_argument_is_named_with_what_it_is() {
    let schema = arguments(json!({"count": {"type": "integer"}}), &["count"]);
    assert_eq!(
        refusal(&schema, &json!({})),
        "argument `count` is missing: expected an integer"
    );
    assert_eq!(
        refusal(&schema, &json!(null)),
        "argument `count` is missing: expected an integer"
    );
    assert_eq!(
        refusal(&schema, &json!({"count": null})),
        "argument `count` is null: expected an integer"
    );
}

#[test]
fn a_nested_path_has_dots_and_indices() {
    let point = json!({
        "type": "object",
        "properties": {"x": {"type": "number"}},
        "required": ["x"],
    });
    let schema = arguments(
        json!({"position": point, "points": {"type": "array", "items": point}}),
        &[],
    );
    assert_eq!(
        refusal(&schema, &json!({"position": {"x": "abc"}})),
        "argument `position.x`: expected a number, got the string \"abc\""
    );
    assert_eq!(
        refusal(
            &schema,
            &json!({"points": [{"x": 1}, {"x": 1}, {"x": [1]}]})
        ),
        "argument `points[2].x`: expected a number, got an array of 1 item"
    );
    assert_eq!(
        refusal(&schema, &json!({"points": [{}]})),
        "argument `points[0].x` is missing: expected a number"
    );
}

#[test]
fn a_choice_is_told_the_choices() {
    let schema = arguments(json!({"mode": {"type": "string", "enum": ["a", "b"]}}), &[]);
    assert_eq!(
        refusal(&schema, &json!({"mode": "c"})),
        "argument `mode`: expected one of \"a\", \"b\", got \"c\""
    );
    assert_eq!(
        refusal(&schema, &json!({"mode": 1})),
        "argument `mode`: expected one of \"a\", \"b\", got 1"
    );
}

#[test]
fn choices_without_enum_are_read_from_their_constants() {
    let schema = json!({"type": "string", "oneOf": [{"const": "a", "title": "A"}]});
    assert!(check(&schema, &json!("a")).is_ok());
    assert_eq!(
        refusal(&schema, &json!("A")),
        "the payload: expected \"a\", got \"A\""
    );
}

#[test]
fn many_choices_are_cut() {
    let values: Vec<String> = (0..40).map(|number| format!("scene-{number}")).collect();
    let message = refusal(&json!({"type": "string", "enum": values}), &json!("x"));
    assert!(
        message.contains("\"scene-11\", …, got") && !message.contains("scene-12"),
        "{message}"
    );
}

#[test]
fn a_payload_that_is_the_value_is_named_so() {
    assert_eq!(
        refusal(&json!({"type": "number"}), &json!("loud")),
        "the payload: expected a number, got the string \"loud\""
    );
    assert_eq!(
        refusal(&json!({"type": "number"}), &json!(null)),
        "the payload is null: expected a number"
    );
    assert_eq!(
        refusal(&count(), &json!([1])),
        "the payload: expected an object, got an array of 1 item"
    );
}

#[test]
fn what_came_is_cut_and_escaped() {
    let long = "ä".repeat(1000);
    let message = refusal(&json!({"type": "number"}), &json!(long));
    assert!(message.chars().count() < 130, "{message}");
    assert!(message.ends_with("…\""), "{message}");
    assert_eq!(
        refusal(&json!({"type": "number"}), &json!("a\n\"b")),
        "the payload: expected a number, got the string \"a\\n\\\"b\""
    );
}

#[test]
fn every_kind_is_told_in_words() {
    let expected = |schema: Value| {
        let message = refusal(&schema, &json!({"not": "it"}));
        let (_, words) = message.split_once("expected ").expect("words");
        words.trim_end_matches(", got an object").to_owned()
    };
    assert_eq!(expected(json!({"type": "boolean"})), "true or false");
    assert_eq!(expected(json!({"type": "string"})), "a string");
    assert_eq!(
        expected(json!({"type": "string", "minLength": 1, "maxLength": 1})),
        "a string of 1 character"
    );
    assert_eq!(
        expected(json!({"type": "string", "minLength": 2})),
        "a string of at least 2 characters"
    );
    assert_eq!(
        expected(json!({"type": "array", "maxItems": 4})),
        "an array of at most 4 items"
    );
    assert_eq!(
        expected(json!({"type": "array", "minItems": 1, "maxItems": 4})),
        "an array of 1 to 4 items"
    );
    assert_eq!(
        expected(json!({"type": "number", "minimum": 0.5})),
        "a number of at least 0.5"
    );
    assert_eq!(
        expected(json!({"type": "number", "exclusiveMinimum": 0})),
        "a number above 0"
    );
    assert_eq!(
        expected(json!({"type": "number", "maximum": 1})),
        "a number of at most 1"
    );
    assert_eq!(
        expected(json!({"type": "number", "exclusiveMaximum": 1})),
        "a number below 1"
    );
    assert_eq!(
        expected(json!({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1})),
        "a number above 0 and below 1"
    );
    assert_eq!(
        expected(json!({"type": "number", "minimum": 0, "exclusiveMaximum": 360})),
        "a number from 0 to below 360"
    );
    assert_eq!(
        expected(json!({"type": "number", "exclusiveMinimum": 0, "maximum": 1})),
        "a number above 0 up to 1"
    );
}

#[test]
fn the_range_of_a_wide_type_is_told_only_to_who_leaves_it() {
    let schema =
        json!({"type": "integer", "format": "int32", "minimum": i32::MIN, "maximum": i32::MAX});
    assert_eq!(
        refusal(&schema, &json!("x")),
        "the payload: expected an integer, got the string \"x\""
    );
    assert_eq!(
        refusal(&schema, &json!(3_000_000_000_u32)),
        "the payload: expected an integer from -2147483648 to 2147483647, got 3000000000"
    );
    let byte = json!({"type": "integer", "format": "uint8", "minimum": 0, "maximum": 255});
    assert_eq!(
        refusal(&byte, &json!(true)),
        "the payload: expected an integer from 0 to 255, got true"
    );
}
