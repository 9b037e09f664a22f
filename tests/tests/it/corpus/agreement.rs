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
            let mut checked = value.clone();
            if let Ok(unknown) = judges.checker.check(&mut checked) {
                assert!(!unknown.is_empty(), "the checker knows {about}");
            }
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

/// A name that the schema does not tell: the decoder decides, wherever arguments are nested.
#[test]
fn an_alias_inside_of_an_argument_is_taken() {
    let cases = cases();
    let aliased = cases.iter().find(|case| case.name == "Aliased");
    let checker = Checker::compile(&aliased.expect("the type").action().expect("a schema"));
    let check = |payload: Value| {
        checker
            .check(&mut payload.clone())
            .map_err(|e| e.to_string())
    };
    assert_eq!(
        check(json!({ARGUMENT: {"lvl": 1}})),
        Ok(vec!["value.lvl".to_owned()])
    );
    assert_eq!(
        check(json!({ARGUMENT: {}})),
        Err("argument `value.level` is missing: expected a number".to_owned())
    );
    // The names of the arguments themselves are all announced.
    assert_eq!(
        check(json!({"level": {"level": 1}})),
        Err("argument `value` is missing: expected an object".to_owned())
    );
}

#[test]
fn a_null_argument_is_one_that_is_absent_wherever_the_type_admits_null() {
    for case in cases() {
        let TypeSchema { nullable, .. } = (case.argument)().expect(case.name);
        let decodes_null = (case.decode)(&Value::Null).is_ok();
        assert_eq!(nullable, decodes_null, "{}", case.name);

        let judges = Judges::new(&case.action().expect(case.name));
        for absent in [Value::Null, Value::Object(Map::new())] {
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
