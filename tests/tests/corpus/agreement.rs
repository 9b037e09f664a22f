//! Schema (read by a real validator), checker and decoder say the same about the same values.

use std::borrow::Cow;
use std::cell::RefCell;

use jsonschema::Validator;
use rship_core::payload::Checker;
use rship_core::schema::{TypeSchema, of_argument};
use rship_tests::corpus::{ARGUMENT, Case, cases};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

pub(super) struct Judges {
    pub(super) validator: Validator,
    pub(super) checker: Checker,
}

impl Judges {
    pub(super) fn new(schema: &Value) -> Self {
        Self {
            validator: jsonschema::validator_for(schema).expect("a valid schema"),
            checker: Checker::compile(schema),
        }
    }
}

fn argument(case: &Case) -> Judges {
    Judges::new(&(case.argument)().expect(case.name).schema)
}

#[test]
fn good_values_are_taken_by_schema_checker_and_decoder() {
    for case in cases() {
        let judges = argument(&case);
        assert!(!case.good.is_empty(), "{} has no good value", case.name);
        for value in &case.good {
            let about = format!("{}: {value}", case.name);
            assert!(
                judges.validator.is_valid(value),
                "the schema refuses {about}"
            );
            let mut checked = value.clone();
            let result = judges.checker.check(&mut checked);
            assert!(result.is_ok(), "the checker refuses {about}: {result:?}");
            let result = (case.decode)(&checked);
            assert!(result.is_ok(), "the decoder refuses {about}: {result:?}");
        }
    }
}

#[test]
fn values_as_servers_send_them_are_made_uniform_and_taken() {
    for case in cases() {
        let judges = argument(&case);
        for value in &case.served {
            let about = format!("{}: {value}", case.name);
            let mut checked = value.clone();
            let result = judges.checker.check(&mut checked);
            assert!(result.is_ok(), "the checker refuses {about}: {result:?}");
            assert!(
                judges.validator.is_valid(&checked),
                "{about} became {checked}"
            );
            let result = (case.decode)(&checked);
            assert!(result.is_ok(), "the decoder refuses {about}: {result:?}");
        }
    }
}

#[test]
fn bad_values_are_refused_by_schema_checker_and_decoder() {
    for case in cases() {
        let judges = argument(&case);
        for value in &case.bad {
            let about = format!("{}: {value}", case.name);
            assert!(
                !judges.validator.is_valid(value),
                "the schema takes {about}"
            );
            let result = judges.checker.check(&mut value.clone());
            assert!(result.is_err(), "the checker takes {about}");
            let result = (case.decode)(value);
            assert!(result.is_err(), "the decoder takes {about}: {result:?}");
        }
    }
}

#[test]
fn values_that_only_the_decoder_refuses_are_known() {
    for case in cases() {
        let judges = argument(&case);
        for value in &case.left_to_decoder {
            let about = format!("{}: {value}", case.name);
            assert!(
                judges.validator.is_valid(value),
                "the schema refuses {about}"
            );
            let mut checked = value.clone();
            let result = judges.checker.check(&mut checked);
            assert!(result.is_ok(), "the checker refuses {about}: {result:?}");
            let result = (case.decode)(&checked);
            assert!(result.is_err(), "the decoder takes {about}: {result:?}");
        }
    }
}

#[test]
fn values_that_only_the_decoder_takes_are_known() {
    for case in cases() {
        let judges = argument(&case);
        for value in &case.decoder_alone {
            let about = format!("{}: {value}", case.name);
            assert!(
                !judges.validator.is_valid(value),
                "the schema takes {about}"
            );
            let result = judges.checker.check(&mut value.clone());
            assert!(result.is_err(), "the checker takes {about}");
            let result = (case.decode)(value);
            assert!(result.is_ok(), "the decoder refuses {about}: {result:?}");
        }
    }
}

#[test]
fn what_is_published_fits_the_emitters_schema() {
    for case in cases() {
        let judges = Judges::new(&(case.emitter)().expect(case.name).schema);
        for value in &case.good {
            let mut published = (case.decode)(value).expect(case.name);
            if published.is_null() {
                continue;
            }
            let about = format!("{}: {published}", case.name);
            let result = judges.checker.check(&mut published);
            assert!(result.is_ok(), "the checker refuses {about}: {result:?}");
            assert!(
                judges.validator.is_valid(&published),
                "the schema refuses {about}"
            );
        }
    }
}

/// The profile changes how a type is written down, never what values it accepts.
#[test]
fn what_plain_schema_and_decoder_take_is_taken_by_the_profile() {
    let mut refused = Vec::new();
    let pool: Vec<Value> = cases().iter().flat_map(Case::values).collect();
    for case in cases() {
        let plain = jsonschema::validator_for(&(case.plain_argument)()).expect(case.name);
        let nullable = (case.argument)().expect(case.name).nullable;
        let judges = argument(&case);
        for value in &pool {
            // That null may be left out is said beside the schema.
            if value.is_null() && nullable || !plain.is_valid(value) {
                continue;
            }
            if (case.decode)(value).is_err() || case.decoder_alone.contains(value) {
                continue;
            }
            let about = format!("{}: {value}", case.name);
            let mut checked = value.clone();
            if let Err(error) = judges.checker.check(&mut checked) {
                refused.push(format!("the checker refuses {about}: {error}"));
            } else if !judges.validator.is_valid(&checked) {
                refused.push(format!("the schema refuses {about}"));
            }
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

#[test]
fn checker_and_validator_agree_on_every_value_of_the_corpus() {
    let pool: Vec<Value> = cases().iter().flat_map(Case::values).collect();
    for case in cases() {
        let judges = argument(&case);
        for value in &pool {
            let mut checked = value.clone();
            let taken = judges.checker.check(&mut checked).is_ok();
            if has_null(&checked) {
                // The checker leaves nulls in lists to the decoder, the validator does not.
                continue;
            }
            let valid = judges.validator.is_valid(&checked);
            assert_eq!(taken, valid, "{}: {value} became {checked}", case.name);
        }
    }
}

pub(super) fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().any(has_null),
        Value::Object(fields) => fields.values().any(has_null),
        _ => false,
    }
}

#[test]
fn a_null_argument_is_one_that_is_absent_wherever_the_type_admits_null() {
    for case in cases() {
        let TypeSchema { nullable, .. } = (case.argument)().expect(case.name);
        let decodes_null = (case.decode)(&Value::Null).is_ok();
        assert_eq!(nullable, decodes_null, "{}", case.name);

        let judges = Judges::new(&case.action().expect(case.name));
        let absent = [
            Value::Null,
            Value::Object(Map::new()),
            json!({ARGUMENT: null}),
        ];
        for absent in absent {
            let mut payload = absent.clone();
            let taken = judges.checker.check(&mut payload).is_ok();
            assert_eq!(taken, nullable, "{} as {absent}", case.name);
            assert_eq!(
                judges.validator.is_valid(&payload),
                nullable,
                "{}",
                case.name
            );
        }
    }
}

thread_local! {
    static GIVEN: RefCell<Value> = const { RefCell::new(Value::Null) };
}

/// A type with any schema.
struct Given;

impl JsonSchema for Given {
    fn schema_name() -> Cow<'static, str> {
        "Given".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        GIVEN.with_borrow(|schema| Schema::try_from(schema.clone()).expect("a schema"))
    }
}

#[test]
fn the_profile_of_a_profile_is_itself() {
    for case in cases() {
        let schema = (case.argument)().expect(case.name).schema;
        GIVEN.set(schema.clone());
        let again = of_argument::<Given>().expect(case.name).schema;
        assert_eq!(again, schema, "{}", case.name);
    }
}
