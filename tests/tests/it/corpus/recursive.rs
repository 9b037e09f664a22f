//! A type that contains itself is an error that names the cycle, and nothing of it goes on the wire.

use rship_core::model::{ActionSpec, Arg, EmitterSpec, ModelBuilder};
use rship_core::schema::SchemaError;
use rship_tests::corpus::recursive;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[test]
fn the_error_names_the_cycle_for_arguments_and_emitters() {
    for case in recursive() {
        for of in [case.argument, case.emitter] {
            match of() {
                Err(SchemaError::Recursive { cycle, .. }) => assert_eq!(cycle, case.cycle),
                other => panic!("{}: {other:?}", case.name),
            }
        }
    }
}

#[test]
fn a_server_can_bind_nothing_of_what_schemars_writes_for_them() {
    for case in recursive() {
        let plain = (case.plain)();
        assert!(rship_dev::bindable(&plain).is_empty(), "{}", case.name);
    }
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Group {
    members: Vec<Group>,
}

struct Desk {
    group: Group,
}

#[test]
fn a_target_with_such_a_type_has_no_descriptor_that_could_be_sent() {
    let mut model = ModelBuilder::<Desk>::new("Desk");
    model.state(EmitterSpec::new("group"), |desk: &Desk| &desk.group);
    let group = Arg::<Group>::new("group");
    model.action(
        ActionSpec::new("arrange")
            .arg(&group)
            .sync(|_: &mut Desk, _| Ok(Value::Null)),
    );
    let error = model.build().map(|_| ()).expect_err("a cycle").to_string();
    for member in ["emitter `group`", "argument `group`"] {
        assert!(error.contains(member), "{error}");
    }
    assert!(error.contains("Group -> members -> Group"), "{error}");
}
