//! For random schemas of the profile: what is made fits, and what comes is refused exactly when a validator that knows
//! nothing of this refuses it.

use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::chance::Chance;
use super::payload::Taken;
use super::values;

fn numbers() -> BoxedStrategy<Value> {
    let bounded = |kind: &'static str| {
        (-50..50_i32, 0..40_i32, any::<bool>(), any::<bool>()).prop_map(
            move |(from, wide, over, under)| {
                // Open on both sides there has to be something between.
                let wide = wide + 2 * i32::from(over) + 2 * i32::from(under);
                let (low, high) = (
                    ["minimum", "exclusiveMinimum"],
                    ["maximum", "exclusiveMaximum"],
                );
                let mut schema = json!({"type": kind});
                schema[low[usize::from(over)]] = json!(from);
                schema[high[usize::from(under)]] = json!(from + wide);
                schema
            },
        )
    };
    prop_oneof![
        bounded("integer"),
        bounded("number"),
        (0.0..1.0_f64, 0.001..0.5_f64).prop_map(|(from, wide)| {
            json!({"type": "number", "minimum": from, "exclusiveMaximum": from + wide})
        }),
        (-9..9_i32).prop_map(|from| json!({"type": "number", "minimum": from})),
        (-9..9_i32).prop_map(|to| json!({"type": "number", "exclusiveMaximum": to})),
        Just(json!({"type": "number", "format": "double"})),
        Just(json!({"type": "number", "format": "float"})),
        prop::sample::select(vec![
            ("int8", json!(i8::MIN), json!(i8::MAX)),
            ("uint8", json!(0), json!(u8::MAX)),
            ("uint16", json!(1), json!(u16::MAX)),
            ("int32", json!(i32::MIN), json!(i32::MAX)),
            ("int64", json!(i64::MIN), json!(i64::MAX)),
            ("uint64", json!(0), json!(u64::MAX)),
            ("uint64", json!(u64::MAX - 3), json!(u64::MAX)),
            ("int128", json!(i64::MIN), json!(u64::MAX)),
        ])
        .prop_map(|(format, from, to)| {
            json!({"type": "integer", "format": format, "minimum": from, "maximum": to})
        }),
    ]
    .boxed()
}

fn choices(names: &[&str]) -> Value {
    let titled: Vec<_> = names
        .iter()
        .map(|name| json!({"const": name, "title": name}))
        .collect();
    json!({"type": "string", "enum": names, "oneOf": titled})
}

fn leaves() -> BoxedStrategy<Value> {
    prop_oneof![
        4 => numbers(),
        1 => Just(json!({"type": "boolean"})),
        1 => Just(json!({})),
        1 => Just(json!({"format": "double"})),
        1 => Just(json!({"format": "exec-tick"})),
        1 => Just(choices(&["linear", "smooth", "a b"])),
        1 => Just(json!({"type": "integer", "enum": [1, 2, 4]})),
        1 => (0..6_usize, 0..6_usize).prop_map(|(from, more)| {
            json!({"type": "string", "minLength": from, "maxLength": from + more})
        }),
        1 => prop::sample::select(vec!["date-time", "date", "uuid", "ip", "uri", "partial-time", "unheard-of"])
            .prop_map(|format| json!({"type": "string", "format": format})),
    ]
    .boxed()
}

fn schemas() -> BoxedStrategy<Value> {
    let wider = |inner: BoxedStrategy<Value>| {
        let fields = prop::collection::vec((inner.clone(), any::<bool>()), 0..4);
        let array = (inner.clone(), prop::option::of((0..3_usize, 0..3_usize)));
        prop_oneof![
            array.prop_map(|(items, length)| {
                let mut schema = json!({"type": "array", "items": items});
                if let Some((from, more)) = length {
                    schema["minItems"] = json!(from);
                    schema["maxItems"] = json!(from + more);
                }
                schema
            }),
            (fields.clone(), any::<bool>()).prop_map(|(fields, is_closed)| {
                let mut schema = json!({"type": "object", "properties": {}});
                let mut required = Vec::new();
                for (index, (field, is_required)) in fields.into_iter().enumerate() {
                    let name = format!("field_{index}");
                    schema["properties"][&name] = field;
                    if is_required {
                        required.push(name);
                    }
                }
                if !required.is_empty() {
                    schema["required"] = json!(required);
                }
                if is_closed {
                    schema["additionalProperties"] = json!(false);
                }
                schema
            }),
            // An enum with data: the tag, and the fields of all variants.
            fields.prop_map(|fields| {
                let mut schema = json!({"type": "object", "required": ["kind"], "properties": {}});
                schema["properties"]["kind"] = choices(&["file", "input"]);
                for (index, (field, _)) in fields.into_iter().enumerate() {
                    schema["properties"][format!("of_{index}")] = field;
                }
                schema
            }),
        ]
    };
    leaves()
        .prop_recursive(4, 24, 4, move |inner| wider(inner.boxed()))
        .boxed()
}

fn validator(schema: &Value) -> Validator {
    jsonschema::validator_for(schema).unwrap()
}

/// What somebody might send, which hardly ever fits.
fn junk(chance: &mut Chance) -> Value {
    let all = [
        json!(null),
        json!(true),
        json!(-1),
        json!(0.5),
        json!(3.0),
        json!(1e6),
        json!(""),
        json!("linear"),
        json!("much longer than most"),
        json!([]),
        json!([null]),
        json!({}),
        json!({"kind": "file"}),
        json!({"unknown": 1}),
    ];
    chance.one_of(&all).cloned().unwrap()
}

/// Puts something else into some place of a value, or leaves something out.
fn spoil(value: &mut Value, chance: &mut Chance) {
    let goes_in = chance.hits(0.7);
    match value {
        Value::Array(items) if goes_in && !items.is_empty() => {
            let index = chance.below(items.len());
            spoil(&mut items[index], chance);
        }
        Value::Object(fields) if goes_in && !fields.is_empty() => {
            let names: Vec<_> = fields.keys().cloned().collect();
            let name = chance.one_of(&names).unwrap();
            if chance.hits(0.2) {
                fields.remove(name);
                fields.insert("unknown".to_owned(), json!(1));
            } else {
                spoil(&mut fields[name], chance);
            }
        }
        value => *value = junk(chance),
    }
}

/// A value without the nulls that say that something is left out.
fn without_absences(schema: &Value, value: &mut Value) {
    match value {
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| without_absences(&schema["items"], item)),
        Value::Object(fields) => {
            let required = schema["required"].as_array().cloned().unwrap_or_default();
            let properties = schema["properties"]
                .as_object()
                .cloned()
                .unwrap_or_default();
            let is_absent = |name: &String, value: &Value| {
                value.is_null() && properties.contains_key(name) && !required.contains(&json!(name))
            };
            let kept: Map<_, _> = std::mem::take(fields)
                .into_iter()
                .filter(|(name, value)| !is_absent(name, value))
                .collect();
            *fields = kept;
            for (name, field) in fields {
                without_absences(&schema["properties"][name], field);
            }
        }
        _ => {}
    }
}

proptest! {
    #[test]
    fn every_value_and_those_that_follow_fit_the_schema(schema in schemas(), seed in any::<u64>()) {
        let validator = validator(&schema);
        let mut chance = Chance::of(seed, &[]);
        let mut value = values::fresh(&schema, &mut chance);
        for _ in 0..20 {
            prop_assert!(validator.is_valid(&value), "{value} of {schema}");
            value = values::next(&schema, &value, &mut chance);
        }
        // And the same once more.
        let mut again = Chance::of(seed, &[]);
        let mut other = values::fresh(&schema, &mut again);
        for _ in 0..20 {
            other = values::next(&schema, &other, &mut again);
        }
        prop_assert_eq!(value, other);
    }

    #[test]
    fn a_payload_is_refused_exactly_when_a_validator_refuses_it(schema in schemas(), seed in any::<u64>()) {
        let validator = validator(&schema);
        let taken = Taken::new(schema.clone(), None);
        let mut chance = Chance::of(seed, &[]);
        for spoilt in 0..8 {
            let mut payload = values::fresh(&schema, &mut chance);
            for _ in 0..spoilt % 3 {
                spoil(&mut payload, &mut chance);
            }
            let mut meant = payload.clone();
            if meant.is_null() && schema["type"] == "object" {
                meant = json!({});
            }
            without_absences(&schema, &mut meant);
            let fits = validator.is_valid(&meant);
            let mut used = payload.clone();
            let refused = taken.prepare(&mut used).err();
            prop_assert_eq!(refused.is_none(), fits, "{}: {:?}\n{}", payload, refused, schema);
            if fits {
                prop_assert!(validator.is_valid(&used), "{used} of {schema}");
            }
        }
    }
}

#[test]
fn a_number_moves_by_little_and_turns_around_at_its_bounds() {
    let schema = json!({"type": "number", "minimum": 0, "maximum": 1});
    let mut chance = Chance::of(3, &[]);
    let mut value = values::fresh(&schema, &mut chance);
    let mut changes = 0;
    for _ in 0..1000 {
        let next = values::next(&schema, &value, &mut chance);
        let by = (next.as_f64().unwrap() - value.as_f64().unwrap()).abs();
        assert!(by <= 0.051, "{value} {next}");
        changes += usize::from(next != value);
        value = next;
    }
    assert!(changes > 900, "{changes}");
}

#[test]
fn a_set_has_no_item_twice_and_what_cannot_be_met_comes_to_an_end() {
    let mut chance = Chance::of(1, &[]);
    let set =
        json!({"type": "array", "items": {"enum": [1, 2, 3]}, "uniqueItems": true, "minItems": 3});
    let made = values::fresh(&set, &mut chance);
    assert!(validator(&set).is_valid(&made), "{made}");
    for schema in [
        json!({"type": "array", "items": {"enum": [1]}, "uniqueItems": true, "minItems": 1e18}),
        json!({"type": "string", "minLength": 1e18}),
        json!({"type": "integer", "minimum": 5, "maximum": 4}),
        json!({"type": "number", "exclusiveMinimum": 5, "exclusiveMaximum": 5}),
        json!({"enum": []}),
        json!({"oneOf": [{"type": "null"}]}),
        json!(true),
        json!({"type": "object", "required": ["a"]}),
    ] {
        let made = values::fresh(&schema, &mut chance);
        let next = values::next(&schema, &made, &mut chance);
        assert!(
            made.to_string().len() < 1 << 20 && next.to_string().len() < 1 << 20,
            "{schema}"
        );
    }
}
