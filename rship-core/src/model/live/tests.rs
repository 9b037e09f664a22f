//! What the device says of choices and bounds, as it is shown and checked.

use serde_json::json;

use super::*;
use crate::model::{ActionSpec, AnyModel as _, Arg, EmitterSpec, Model, ModelBuilder, Running};

struct Router {
    inputs: Vec<String>,
    most: u8,
    level: f32,
}

fn model() -> Arc<Model<Router>> {
    let mut model = ModelBuilder::<Router>::new("Router");
    let input = Arg::<String>::new("input")
        .doc("Where it comes from")
        .choices_by(|router: &Router| Choices::of(&router.inputs));
    let count = Arg::<Option<u32>>::new("count")
        .min(1)
        .max_by(|router: &Router| Limit::of(router.most));
    let all = Arg::<Option<Vec<String>>>::new("all")
        .choices_by(|router: &Router| Choices::of(router.inputs.iter()));
    let route = ActionSpec::new("route").arg(&input).arg(&count).arg(&all);
    model.action(route.sync(|_: &mut Router, args| Ok(args.payload().clone())));
    model.state(EmitterSpec::new("level"), |router: &Router| &router.level);
    let level = Arg::<f32>::new("level").max_by(|router: &Router| Limit::of(router.level));
    let set = ActionSpec::new("set-level");
    model.setter(set, "level", "level", level, |router, to| router.level = to);
    model.build().unwrap()
}

fn router() -> Router {
    Router {
        inputs: vec!["camera".to_owned(), "Laptop 2".to_owned()],
        most: 3,
        level: 0.7,
    }
}

fn call(router: &mut Router, action: usize, mut payload: Value) -> Result<Value, String> {
    let model = model();
    let prepared = model.prepare(action, &mut payload);
    prepared.map_err(|error| error.to_string())?;
    match model.call(action, router, payload) {
        Running::Done(reply) => reply.map_err(|error| error.to_string()),
        Running::Future(_) => Err("a future".to_owned()),
    }
}

fn schema(router: &Router, action: usize) -> Value {
    let model = model();
    let mut said = Vec::new();
    assert_eq!(model.present(action, router, &mut said), Present::Said);
    model.schema_with(action, &said).unwrap()
}

#[test]
fn the_descriptor_says_that_choices_and_bounds_are_known_later() {
    let descriptor = Arc::clone(model().descriptor());
    let route = &descriptor.actions[0].schema["properties"];
    assert_eq!(
        route["input"],
        json!({
            "type": "string",
            "description": "Where it comes from. Its choices are those of the running device.",
        })
    );
    let remark = "Its bounds are those of the running device.";
    assert_eq!(route["count"]["description"], remark);
    assert_eq!(descriptor.actions[1].schema["description"], remark);
    assert_eq!(model().live_actions(), [0, 1]);
}

#[test]
fn the_schema_of_the_moment_has_the_choices_and_bounds_of_the_moment() {
    let schema = schema(&router(), 0);
    let choices = json!([
        {"const": "camera", "title": "camera"},
        {"const": "Laptop 2", "title": "Laptop 2"},
    ]);
    assert_eq!(
        schema["properties"]["input"],
        json!({
            "type": "string",
            "enum": ["camera", "Laptop 2"],
            "oneOf": choices,
            "description": "Where it comes from",
        })
    );
    assert_eq!(schema["properties"]["count"]["minimum"], 1);
    assert_eq!(schema["properties"]["count"]["maximum"], 3);
    let all = &schema["properties"]["all"];
    assert_eq!(all["items"]["enum"], json!(["camera", "Laptop 2"]));
    assert_eq!(all["enum"], Value::Null);
}

#[test]
fn a_payload_is_checked_by_the_device_of_the_moment() {
    let mut router = router();
    let good = json!({"input": "Laptop 2", "count": 3, "all": ["camera"]});
    assert_eq!(call(&mut router, 0, good.clone()), Ok(good));
    let refused = call(&mut router, 0, json!({"input": "laptop"})).unwrap_err();
    assert_eq!(
        refused,
        "argument `input`: expected one of \"camera\", \"Laptop 2\", got \"laptop\""
    );
    let refused = call(&mut router, 0, json!({"input": "camera", "count": 4})).unwrap_err();
    assert_eq!(
        refused,
        "argument `count`: expected an integer from 1 to 3, got 4"
    );
    let refused = call(&mut router, 0, json!({"input": "camera", "all": ["x"]})).unwrap_err();
    assert!(refused.contains("`all[0]`: expected one of"), "{refused}");
    router.inputs.push("laptop".to_owned());
    assert!(call(&mut router, 0, json!({"input": "laptop"})).is_ok());
}

#[test]
fn where_there_is_nothing_to_choose_everything_is_refused_and_the_schema_says_so() {
    let mut router = router();
    router.inputs.clear();
    let refused = call(&mut router, 0, json!({"input": "camera"})).unwrap_err();
    assert_eq!(
        refused,
        "argument `input`: expected nothing, because there is nothing to choose from now, got \
         the string \"camera\""
    );
    let schema = schema(&router, 0);
    let input = &schema["properties"]["input"];
    assert_eq!(input["enum"], Value::Null);
    let description = "Where it comes from. There is nothing to choose from now.";
    assert_eq!(input["description"], description);
}

#[test]
fn choices_beyond_all_measure_are_refused_and_the_schema_says_so() {
    let mut router = router();
    for inputs in [
        vec!["camera".to_owned(); 1_000_000],
        vec!["x".repeat(4 << 20)],
    ] {
        router.inputs = inputs;
        let mut said = Vec::new();
        assert_eq!(model().present(0, &router, &mut said), Present::TooMany);
        assert!(said.len() < 100, "{}", said.len());
        let schema = model().schema_with(0, &said).unwrap();
        let description = "Where it comes from. There are too many choices to list them.";
        assert_eq!(schema["properties"]["input"]["description"], description);
        let refused = call(&mut router, 0, json!({"input": "camera"})).unwrap_err();
        assert_eq!(
            refused,
            "argument `input`: the device has more choices than the 1 MiB that an argument may have"
        );
    }
    router.inputs = vec!["camera".to_owned(); 10_000];
    assert!(call(&mut router, 0, json!({"input": "camera"})).is_ok());
    let refused = call(&mut router, 0, json!({"input": "tape"})).unwrap_err();
    assert!(refused.len() < 1000, "{}", refused.len());
}

#[test]
fn a_field_that_is_set_has_the_bounds_of_the_moment_and_single_precision_is_no_trap() {
    let mut router = router();
    assert_eq!(schema(&router, 1)["maximum"], json!(0.7));
    assert_eq!(call(&mut router, 1, json!({"level": 0.7})), Ok(Value::Null));
    let refused = call(&mut router, 1, json!(0.8)).unwrap_err();
    assert_eq!(
        refused,
        "the payload: expected a number of at most 0.7, got 0.8"
    );
}
