//! A type that contains itself is an error that names the way, never a schema.

use schemars::JsonSchema;
use serde_json::json;

use super::rows::try_profile_of;
use crate::schema::{SchemaError, of_argument, of_emitter};

#[derive(JsonSchema)]
#[allow(dead_code, reason = "only the schema is of interest")]
struct Node {
    name: String,
    children: Vec<Node>,
}

#[derive(JsonSchema)]
#[allow(dead_code, reason = "only the schema is of interest")]
struct Scene {
    root: Option<Box<Node>>,
}

#[derive(JsonSchema)]
#[allow(dead_code, reason = "only the schema is of interest")]
struct Egg {
    hatches: Option<Box<Hen>>,
}

#[derive(JsonSchema)]
#[allow(dead_code, reason = "only the schema is of interest")]
struct Hen {
    nest: Nest,
}

#[derive(JsonSchema)]
#[allow(dead_code, reason = "only the schema is of interest")]
struct Nest {
    eggs: Vec<Egg>,
}

#[derive(JsonSchema)]
#[allow(dead_code, reason = "only the schema is of interest")]
enum Expression {
    Number(f64),
    Sum(Vec<Expression>),
}

#[derive(JsonSchema)]
#[schemars(rename = "Tree of {T}/~")]
#[allow(dead_code, reason = "only the schema is of interest")]
struct Tree<T> {
    value: T,
    left: Option<Box<Tree<T>>>,
}

#[derive(JsonSchema)]
#[allow(dead_code, reason = "only the schema is of interest")]
struct Nested(Vec<Nested>);

fn cycle_of<T: JsonSchema>() -> String {
    let SchemaError::Recursive { cycle, .. } = of_argument::<T>().expect_err("a cycle") else {
        panic!("another error");
    };
    assert_eq!(of_emitter::<T>(), of_argument::<T>());
    cycle
}

#[test]
fn a_type_in_its_own_list_is_named_with_the_field() {
    assert_eq!(cycle_of::<Node>(), "Node -> children -> Node");
}

#[test]
fn a_cycle_below_the_type_is_named_from_where_it_begins() {
    assert_eq!(cycle_of::<Scene>(), "Node -> children -> Node");
    assert_eq!(cycle_of::<Option<Vec<Scene>>>(), "Node -> children -> Node");
}

#[test]
fn a_cycle_over_several_types_names_every_type_and_field() {
    assert_eq!(
        cycle_of::<Egg>(),
        "Egg -> hatches -> Hen -> nest -> Nest -> eggs -> Egg"
    );
}

#[test]
fn a_cycle_through_a_variant_names_the_variant() {
    assert_eq!(cycle_of::<Expression>(), "Expression -> Sum -> Expression");
}

#[test]
fn a_name_that_a_reference_has_to_encode_is_shown_as_it_is() {
    let cycle = cycle_of::<Tree<f64>>();
    assert_eq!(cycle, "Tree of double/~ -> left -> Tree of double/~");
}

#[test]
fn a_list_of_itself_is_a_cycle_without_fields() {
    assert_eq!(cycle_of::<Nested>(), "Nested -> Nested");
}

#[test]
fn the_error_says_what_to_do() {
    let error = of_argument::<Node>().expect_err("a cycle").to_string();
    assert!(error.starts_with(
        "the type `Node` contains itself (Node -> children -> Node): servers cannot read"
    ));
    assert!(error.contains("note: "));
}

#[test]
fn one_type_at_two_places_is_no_cycle() {
    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "only the schema is of interest")]
    struct Corners {
        from: Point,
        to: Point,
    }

    #[derive(JsonSchema)]
    #[allow(dead_code, reason = "only the schema is of interest")]
    struct Point {
        x: f64,
    }

    assert!(of_argument::<Corners>().is_ok());
}

#[test]
fn a_reference_to_elsewhere_is_an_error_that_quotes_it() {
    let error = try_profile_of(&json!({"items": {"$ref": "https://example.org/point.json"}}));
    assert_eq!(
        error,
        Err(SchemaError::Unresolved {
            reference: "https://example.org/point.json".to_owned()
        })
    );
}
