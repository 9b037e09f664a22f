//! What the checker and the decoder say to the person who sent a payload.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Checker, Got, PayloadError, compare, decode};

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
        "argument `position.x`: expected a number, got the text \"abc\""
    );
    assert_eq!(
        refusal(
            &schema,
            &json!({"points": [{"x": 1}, {"x": 1}, {"x": [1]}]})
        ),
        "argument `points[2].x`: expected a number, got a list of 1 item"
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
        "the payload: expected a number, got the text \"loud\""
    );
    assert_eq!(
        refusal(&json!({"type": "number"}), &json!(null)),
        "the payload is null: expected a number"
    );
    assert_eq!(
        refusal(&count(), &json!([1])),
        "the payload: expected an object, got a list of 1 item"
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
        "the payload: expected a number, got the text \"a\\n\\\"b\""
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
    assert_eq!(expected(json!({"type": "string"})), "a text");
    assert_eq!(
        expected(json!({"type": "string", "minLength": 1, "maxLength": 1})),
        "a text of 1 character"
    );
    assert_eq!(
        expected(json!({"type": "string", "minLength": 2})),
        "a text of at least 2 characters"
    );
    assert_eq!(
        expected(json!({"type": "array", "maxItems": 4})),
        "a list of at most 4 items"
    );
    assert_eq!(
        expected(json!({"type": "array", "minItems": 1, "maxItems": 4})),
        "a list of 1 to 4 items"
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
        "the payload: expected an integer, got the text \"x\""
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

#[test]
fn a_whole_float_becomes_an_integer_where_one_is_expected() {
    assert_eq!(
        normalized(&count(), &json!({"count": 3.0})).to_string(),
        r#"{"count":3}"#
    );
    let list = json!({"type": "array", "items": {"type": "integer"}});
    assert_eq!(
        normalized(&list, &json!([1.0, -2.0, -0.0])).to_string(),
        "[1,-2,0]"
    );
    let number = json!({"type": "number"});
    assert_eq!(normalized(&number, &json!(3.0)).to_string(), "3.0");
    assert_eq!(normalized(&json!({}), &json!(3.0)).to_string(), "3.0");
    assert_eq!(
        refusal(&count(), &json!({"count": 3.5})),
        "argument `count`: expected an integer from 1 to 12, got 3.5"
    );
}

#[test]
fn an_integer_is_a_number() {
    assert_eq!(normalized(&json!({"type": "number"}), &json!(3)), json!(3));
}

#[test]
fn ranges_are_exact_beyond_the_precision_of_floats() {
    let schema = json!({"type": "integer", "format": "uint64", "minimum": 0, "maximum": u64::MAX});
    assert_eq!(normalized(&schema, &json!(u64::MAX)), json!(u64::MAX));
    assert!(check(&schema, &json!(18_446_744_073_709_551_616.0)).is_err());
    let schema = json!({"type": "integer", "maximum": 9_007_199_254_740_992_u64});
    assert!(check(&schema, &json!(9_007_199_254_740_992_u64)).is_ok());
    assert!(check(&schema, &json!(9_007_199_254_740_993_u64)).is_err());
    let schema = json!({"type": "integer", "minimum": -9_007_199_254_740_992_i64});
    assert!(check(&schema, &json!(-9_007_199_254_740_993_i64)).is_err());
}

#[test]
fn exclusive_bounds_exclude_the_bound() {
    let schema = json!({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1.5});
    assert!(check(&schema, &json!(0)).is_err());
    assert!(check(&schema, &json!(0.0)).is_err());
    assert!(check(&schema, &json!(1)).is_ok());
    assert!(check(&schema, &json!(1.5)).is_err());
    let both = json!({"type": "number", "minimum": 1, "exclusiveMinimum": 0, "maximum": 5, "exclusiveMaximum": 5});
    assert!(check(&both, &json!(0.5)).is_err());
    assert!(check(&both, &json!(1)).is_ok());
    assert!(check(&both, &json!(5)).is_err());
}

#[test]
fn numbers_compare_exactly_whatever_they_are_written_as() {
    let order = |one: Value, other: Value| {
        let (Value::Number(one), Value::Number(other)) = (one, other) else {
            panic!("numbers");
        };
        let order = compare(&one, &other);
        assert_eq!(
            compare(&other, &one),
            order.map(std::cmp::Ordering::reverse)
        );
        order
    };
    assert!(order(json!(1), json!(1.0)).is_some_and(|o| o.is_eq()));
    assert!(order(json!(1), json!(1.5)).is_some_and(|o| o.is_lt()));
    assert!(order(json!(-1), json!(-1.5)).is_some_and(|o| o.is_gt()));
    assert!(order(json!(0), json!(-0.5)).is_some_and(|o| o.is_gt()));
    assert!(
        order(
            json!(9_007_199_254_740_993_u64),
            json!(9_007_199_254_740_992.0)
        )
        .is_some_and(|o| o.is_gt())
    );
    assert!(order(json!(u64::MAX), json!(1e300)).is_some_and(|o| o.is_lt()));
    assert!(order(json!(i64::MIN), json!(-1e300)).is_some_and(|o| o.is_gt()));
    assert!(order(json!(i64::MIN), json!(u64::MAX)).is_some_and(|o| o.is_lt()));
    assert!(order(json!(0.1), json!(0.2)).is_some_and(|o| o.is_lt()));
}

#[test]
fn a_null_for_an_optional_argument_is_left_out() {
    let schema = arguments(
        json!({
            "tip": {"type": "number"},
            "map": {},
            "inner": {"type": "object", "properties": {"a": {"type": "string"}}},
        }),
        &[],
    );
    assert_eq!(
        normalized(
            &schema,
            &json!({"tip": null, "map": null, "inner": {"a": null}})
        ),
        json!({"inner": {}})
    );
}

#[test]
fn a_null_is_left_to_the_decoder_where_anything_goes() {
    let schema = arguments(
        json!({
            "any": {},
            "shown": {"examples": [null]},
            "list": {"type": "array", "items": {"type": "number"}},
        }),
        &["any"],
    );
    let payload = json!({"any": null, "shown": null, "list": [1, null], "unknown": null});
    let (same, unknown) = check(&schema, &payload).expect("a good payload");
    assert_eq!((same, unknown), (payload, vec!["unknown".to_owned()]));
    assert_eq!(normalized(&json!({}), &json!(null)), json!(null));
}

#[test]
fn a_payload_of_null_is_an_empty_object_where_nothing_is_required() {
    assert_eq!(
        normalized(&arguments(json!({}), &[]), &json!(null)),
        json!({})
    );
    assert_eq!(
        normalized(&json!({"type": "object"}), &json!(null)),
        json!({})
    );
}

#[test]
fn unknown_arguments_are_reported_with_their_paths() {
    let schema = arguments(
        json!({"list": {"type": "array", "items": {"type": "object", "properties": {"a": {}}}}, "map": {}}),
        &[],
    );
    let payload = json!({"list": [{"a": 1, "b": 2}], "map": {"free": 1}, "typo": 1});
    let (same, unknown) = check(&schema, &payload).expect("a good payload");
    assert_eq!(same, payload);
    assert_eq!(unknown, ["list[0].b", "typo"]);
    assert_eq!(
        check(&json!({"type": "object"}), &json!({"x": 1}))
            .expect("fine")
            .1,
        ["x"]
    );
}

#[test]
fn an_unknown_argument_of_a_closed_struct_is_refused() {
    let closed = |properties: Value| json!({"type": "object", "properties": properties, "additionalProperties": false});
    assert_eq!(
        refusal(&closed(json!({"a": {}, "b": {}})), &json!({"c": 1})),
        "argument `c` is unknown: expected one of `a`, `b`"
    );
    assert_eq!(
        refusal(&closed(json!({"a": {}})), &json!({"c": 1})),
        "argument `c` is unknown: expected `a`"
    );
    assert_eq!(
        refusal(&closed(json!({})), &json!({"c": 1})),
        "argument `c` is unknown: expected no arguments here"
    );
}

#[test]
fn lengths_count_characters_and_items() {
    let text = json!({"type": "string", "minLength": 1, "maxLength": 2});
    assert!(check(&text, &json!("ßß")).is_ok());
    assert_eq!(
        refusal(&text, &json!("")),
        "the payload: expected a text of 1 to 2 characters, got the text \"\""
    );
    assert!(check(&text, &json!("abc")).is_err());
    let list = json!({"type": "array", "minItems": 3, "maxItems": 3});
    assert_eq!(
        refusal(&list, &json!([1])),
        "the payload: expected a list of 3 items, got a list of 1 item"
    );
    assert_eq!(
        refusal(&list, &json!([])),
        "the payload: expected a list of 3 items, got an empty list"
    );
}

#[test]
fn fields_without_type_hold_only_for_objects() {
    let schema = json!({"properties": {"Dim": {"type": "number"}}});
    assert!(check(&schema, &json!("Off")).is_ok());
    assert!(check(&schema, &json!({"Dim": 1})).is_ok());
    assert_eq!(
        refusal(&schema, &json!({"Dim": "x"})),
        "argument `Dim`: expected a number, got the text \"x\""
    );
}

#[test]
fn a_required_field_that_the_schema_does_not_describe_is_still_required() {
    let schema = json!({"type": "object", "required": ["a"]});
    assert_eq!(
        refusal(&schema, &json!({})),
        "argument `a` is missing: expected a value"
    );
    assert!(check(&schema, &json!({"a": null})).is_ok());
}

#[test]
fn number_choices_are_compared_by_value() {
    let schema = json!({"type": "number", "enum": [1, 2.5]});
    assert!(check(&schema, &json!(1.0)).is_ok());
    assert!(check(&schema, &json!(2.5)).is_ok());
    assert_eq!(
        refusal(&schema, &json!(2)),
        "the payload: expected one of 1, 2.5, got 2"
    );
}

#[test]
fn an_error_can_be_moved_under_the_argument_it_was_found_in() {
    let error = |path: &str| PayloadError {
        path: path.to_owned(),
        expected: String::new(),
        got: Got::Missing,
    };
    assert_eq!(error("").under("stock").path, "stock");
    assert_eq!(error("x").under("stock").path, "stock.x");
    assert_eq!(error("[2].x").under("stock").path, "stock[2].x");
}

#[derive(Debug, PartialEq, Deserialize)]
struct Point {
    x: f64,
    #[serde(default)]
    tag: Option<u8>,
}

fn undecodable<T: serde::de::DeserializeOwned + std::fmt::Debug>(
    prefix: &str,
    value: Value,
) -> String {
    decode::<T>(prefix, value)
        .expect_err("a bad value")
        .to_string()
}

#[test]
fn what_fits_is_decoded_from_a_value_or_a_reference() {
    let point = json!({"x": 1});
    assert_eq!(
        decode::<Point>("at", &point),
        Ok(Point { x: 1.0, tag: None })
    );
    assert_eq!(
        decode::<Point>("at", point),
        Ok(Point { x: 1.0, tag: None })
    );
    assert_eq!(decode::<Option<u8>>("tip", json!(null)), Ok(None));
}

#[test]
fn whole_floats_are_integers_also_where_the_schema_is_open() {
    assert_eq!(
        decode::<BTreeMap<String, u8>>("levels", json!({"a": 3.0})),
        Ok(BTreeMap::from([("a".to_owned(), 3)]))
    );
    assert_eq!(decode::<(u8, f64)>("pair", json!([3.0, 0.5])), Ok((3, 0.5)));
    assert_eq!(
        decode::<Value>("any", json!(3.0)).map(|any| any.to_string()),
        Ok("3.0".to_owned())
    );
    assert_eq!(
        undecodable::<BTreeMap<String, u8>>("levels", json!({"a": 3.0, "b": 3.5})),
        "argument `levels.a`: expected an integer from 0 to 255, got 3.0"
    );
}

#[test]
fn a_decoding_error_names_the_way_and_the_value() {
    assert_eq!(
        undecodable::<Point>("position", json!({"x": "abc"})),
        "argument `position.x`: expected a number, got the text \"abc\""
    );
    assert_eq!(
        undecodable::<Vec<Point>>("points", json!([{"x": 1}, {"x": 1}, {"x": null}])),
        "argument `points[2].x`: expected a number, got null"
    );
    assert_eq!(
        undecodable::<BTreeMap<String, u8>>("", json!({"a": 256})),
        "argument `a`: expected an integer from 0 to 255, got 256"
    );
    assert_eq!(
        undecodable::<f64>("", json!("x")),
        "the payload: expected a number, got the text \"x\""
    );
    assert_eq!(
        undecodable::<Vec<u8>>("list", json!({})),
        "argument `list`: expected a list, got an empty object"
    );
    assert_eq!(
        undecodable::<Vec<u8>>("list", json!([1, 300])),
        "argument `list[1]`: expected an integer from 0 to 255, got 300"
    );
}

#[test]
fn a_field_that_the_decoder_misses_is_named() {
    assert_eq!(
        undecodable::<Point>("at", json!({})),
        "argument `at.x` is missing"
    );
    assert_eq!(
        undecodable::<Vec<Point>>("", json!([{}])),
        "argument `[0].x` is missing"
    );
}

#[test]
fn a_field_that_the_decoder_does_not_know_is_named_once() {
    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only the refusal is of interest")]
    struct Closed {
        a: u8,
    }
    assert_eq!(
        undecodable::<Closed>("at", json!({"a": 1, "b": 2})),
        "argument `at.b` is unknown: expected `a`"
    );
    assert_eq!(
        undecodable::<Closed>("ab", json!({"b": 2})),
        "argument `ab.b` is unknown: expected `a`"
    );
}

#[test]
fn a_variant_that_the_decoder_does_not_know_is_told_the_variants() {
    #[derive(Debug, Deserialize)]
    #[allow(dead_code, reason = "only the refusal is of interest")]
    enum Mode {
        Off,
        Dim { to: u8 },
    }
    assert_eq!(
        undecodable::<Mode>("mode", json!("On")),
        "argument `mode`: expected \"Off\" or \"Dim\", got the text \"On\""
    );
    assert_eq!(
        undecodable::<Mode>("mode", json!({"Dim": {"to": "x"}})),
        "argument `mode.Dim.to`: expected an integer from 0 to 255, got the text \"x\""
    );
}

#[test]
fn what_a_type_says_itself_is_passed_on_with_the_value() {
    assert_eq!(
        undecodable::<std::net::IpAddr>("address", json!("1.2.3")),
        "argument `address`: invalid IP address syntax, got the text \"1.2.3\""
    );
}

#[test]
fn a_list_of_another_length_is_told_in_items() {
    assert_eq!(
        undecodable::<(u8, String)>("pair", json!([1])),
        "argument `pair`: expected a tuple of size 2, got a list of 1 item"
    );
}

#[test]
fn a_deep_payload_ends_in_an_error_not_in_an_overflow() {
    let mut schema = json!({"type": "number"});
    let mut payload = json!("x");
    for _ in 0..128 {
        schema = json!({"type": "array", "items": schema});
        payload = json!([payload]);
    }
    let message = refusal(&schema, &payload);
    assert!(
        message.ends_with("expected a number, got the text \"x\""),
        "{message}"
    );
}
