//! What breaks and what does not, case by case.

use serde_json::json;

use super::*;

/// What breaks when the schema of an action changes so, and when that of an emitter does.
fn both(old: &Value, new: &Value) -> [Vec<String>; 2] {
    [Side::Taken, Side::Told].map(|side| {
        let text = |misfit: &Misfit| match misfit.path.as_str() {
            "" => misfit.text.clone(),
            path => format!("{path}: {}", misfit.text),
        };
        misfits(side, old, new).iter().map(text).collect()
    })
}

#[track_caller]
fn becomes(old: Value, new: Value, taken: &[&str], told: &[&str]) {
    assert_eq!(both(&old, &new), [taken, told], "{old} -> {new}");
    for schema in [&old, &new] {
        assert_eq!(both(schema, schema), [[""; 0]; 2], "{schema} of its own");
    }
}

#[test]
fn arguments_may_take_more_and_values_may_be_less() {
    let number = |max: u32| json!({"type": "number", "minimum": 0, "maximum": max});
    becomes(
        number(10),
        number(20),
        &[],
        &["it was at most 10, and is at most 20"],
    );
    becomes(
        number(20),
        number(10),
        &["it was at most 20, and is at most 10"],
        &[],
    );
    becomes(
        number(10),
        json!({"type": "number"}),
        &[],
        &[
            "it was at least 0, and is without a bound",
            "it was at most 10, and is without a bound",
        ],
    );
    let open = json!({"type": "number", "exclusiveMinimum": 0, "maximum": 10});
    becomes(
        number(10),
        open,
        &["it was at least 0, and is more than 0"],
        &[],
    );
    let integer = json!({"type": "integer", "minimum": 0, "maximum": 10});
    becomes(number(10), integer, &["it was number, and is integer"], &[]);
    becomes(
        json!({}),
        json!({"type": "string"}),
        &["it was anything, and is string"],
        &[],
    );
    let long =
        |least: u32, most: u32| json!({"type": "string", "minLength": least, "maxLength": most});
    becomes(
        long(1, 5),
        long(2, 4),
        &[
            "it was at least 1 characters, and is at least 2 characters",
            "it was at most 5 characters, and is at most 4 characters",
        ],
        &[],
    );
}

#[test]
fn a_choice_that_goes_breaks_both_sides_and_one_that_comes_breaks_readers() {
    let choices = |words: &[&str]| json!({"type": "string", "enum": words});
    let gone = "the choice \"b\" is gone";
    let waits = "the choice \"b\" is gone, and whoever waits for it waits for ever";
    becomes(choices(&["a", "b"]), choices(&["a"]), &[gone], &[waits]);
    becomes(
        choices(&["a"]),
        choices(&["a", "b"]),
        &[],
        &["the choice \"b\" is new"],
    );
    becomes(
        choices(&["a"]),
        json!({"type": "string"}),
        &[],
        &["it was one of \"a\", and is any value"],
    );
    let titled = json!({"type": "integer", "oneOf": [{"const": 1, "title": "One"}]});
    becomes(json!({"type": "integer", "enum": [1.0]}), titled, &[], &[]);
}

#[test]
fn fields_come_and_go() {
    let object = |fields: &[&str], required: &[&str]| {
        let fields = fields
            .iter()
            .map(|name| ((*name).to_owned(), json!({"type": "number"})));
        let fields: Map<_, _> = fields.collect();
        json!({"type": "object", "properties": fields, "required": required})
    };
    let (one, two) = (object(&["a"], &["a"]), object(&["a", "b"], &["a"]));
    becomes(one.clone(), two.clone(), &[], &[]);
    becomes(
        two.clone(),
        one.clone(),
        &["b: it is gone"],
        &["b: it is gone"],
    );
    let both_required = object(&["a", "b"], &["a", "b"]);
    becomes(
        two.clone(),
        both_required.clone(),
        &["b: it is required now"],
        &[],
    );
    becomes(
        both_required.clone(),
        two.clone(),
        &[],
        &["b: it may be missing now"],
    );
    becomes(
        both_required,
        one.clone(),
        &["b: it is gone"],
        &["b: it is gone"],
    );
    let mut closed = one;
    closed["additionalProperties"] = json!(false);
    becomes(
        closed,
        two,
        &[],
        &["b: it is new, where no other fields were to come"],
    );
    // A map takes all names.
    becomes(
        object(&["a"], &[]),
        json!({}),
        &[],
        &["it was object, and is anything"],
    );
}

#[test]
fn what_is_inside_is_named_by_its_path() {
    let list = |kind: &str| json!({"type": "object", "properties": {"of": {"type": "array", "items": {"type": kind}}}});
    let text = "of[]: it was string, and is number";
    becomes(list("string"), list("number"), &[text], &[text]);
    let long = |most: u32| json!({"type": "array", "maxItems": most});
    becomes(
        long(2),
        long(1),
        &["it was at most 2 items, and is at most 1 items"],
        &[],
    );
}

#[test]
fn words_and_the_size_of_numbers_are_not_a_contract_but_formats_are() {
    let with = |format: &str, words: &str| json!({"type": "number", "format": format, "description": words, "title": words, "default": 1});
    becomes(with("double", "one"), with("float", "two"), &[], &[]);
    let text = |format: &str| json!({"type": "string", "format": format});
    let uri = "it was `format` \"uuid\", and is `format` \"uri\"";
    becomes(text("uuid"), text("uri"), &[uri], &[uri]);
    let plain = json!({"type": "string"});
    becomes(
        text("uuid"),
        plain,
        &[],
        &["it was `format` \"uuid\", and is without `format`"],
    );
}

#[test]
fn what_is_not_understood_is_taken_to_break() {
    let with = |pattern: &str| json!({"type": "string", "pattern": pattern});
    let text = "it was `pattern` \"a\", and is `pattern` \"b\"";
    becomes(with("a"), with("b"), &[text], &[text]);
    let deep = |kind: &str| {
        (0..100).fold(
            json!({"type": kind}),
            |inner, _| json!({"type": "array", "items": inner}),
        )
    };
    let [taken, told] = both(&deep("string"), &deep("number"));
    assert!(taken[0].contains("too deep") && told[0].contains("too deep"));
}
