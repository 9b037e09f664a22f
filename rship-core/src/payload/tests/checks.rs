//! What is made uniform, what is refused, and what is left to the decoder.

use serde_json::{Value, json};

use super::{arguments, check, count, normalized, refusal};
use crate::payload::{Got, PayloadError, compare};

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
fn a_number_that_single_precision_cannot_hold_is_refused() {
    let schema = json!({"type": "number", "format": "float"});
    assert!(check(&schema, &json!(f32::MAX)).is_ok());
    assert!(check(&schema, &json!(u64::MAX)).is_ok());
    assert_eq!(
        refusal(&schema, &json!(-1e39)),
        "the payload: expected a number from -3.4028234663852886e+38 to 3.4028234663852886e+38, got -1e+39"
    );
    assert_eq!(
        refusal(&schema, &json!("x")),
        "the payload: expected a number, got the string \"x\""
    );
    let double = json!({"type": "number", "format": "double"});
    assert!(check(&double, &json!(-1e39)).is_ok());
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
fn a_missing_field_beside_an_unknown_one_is_left_to_the_decoder_inside_of_arguments() {
    let fader = json!({
        "type": "object", "properties": {"level": {"type": "number"}}, "required": ["level"],
    });
    let schema = arguments(json!({"fader": fader}), &["fader"]);
    let (_, unknown) = check(&schema, &json!({"fader": {"lvl": 1}})).expect("left to the decoder");
    assert_eq!(unknown, ["fader.lvl"]);
    assert_eq!(
        refusal(&schema, &json!({"fader": {}})),
        "argument `fader.level` is missing: expected a number"
    );
    assert_eq!(
        refusal(&schema, &json!({"fadr": {"level": 1}})),
        "argument `fader` is missing: expected an object"
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
        "the payload: expected a string of 1 to 2 characters, got the string \"\""
    );
    assert!(check(&text, &json!("abc")).is_err());
    let list = json!({"type": "array", "minItems": 3, "maxItems": 3});
    assert_eq!(
        refusal(&list, &json!([1])),
        "the payload: expected an array of 3 items, got an array of 1 item"
    );
    assert_eq!(
        refusal(&list, &json!([])),
        "the payload: expected an array of 3 items, got an empty array"
    );
}

#[test]
fn fields_without_type_hold_only_for_objects() {
    let schema = json!({"properties": {"Dim": {"type": "number"}}});
    assert!(check(&schema, &json!("Off")).is_ok());
    assert!(check(&schema, &json!({"Dim": 1})).is_ok());
    assert_eq!(
        refusal(&schema, &json!({"Dim": "x"})),
        "argument `Dim`: expected a number, got the string \"x\""
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
        message.ends_with("expected a number, got the string \"x\""),
        "{message}"
    );
}
