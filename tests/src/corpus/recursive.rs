//! Types that contain themselves: no server can read them, so there is an error and no schema.

use rship_core::schema::{SchemaError, TypeSchema, of_argument, of_emitter};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A type that contains itself.
pub struct Recursive {
    /// How the type is written.
    pub name: &'static str,
    /// What the profile says of it as an argument.
    pub argument: fn() -> Result<TypeSchema, SchemaError>,
    /// What the profile says of it as an emitter.
    pub emitter: fn() -> Result<TypeSchema, SchemaError>,
    /// What `schemars` writes without the profile.
    pub plain: fn() -> Value,
    /// The way from the type back to itself.
    pub cycle: &'static str,
}

fn case<T: JsonSchema>(name: &'static str, cycle: &'static str) -> Recursive {
    Recursive {
        name,
        argument: of_argument::<T>,
        emitter: of_emitter::<T>,
        plain: || super::plain::<T>(SchemaSettings::draft2020_12().for_deserialize()),
        cycle,
    }
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Node {
    name: String,
    children: Vec<Node>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Scene {
    root: Option<Box<Node>>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
enum Expression {
    Number(f64),
    Sum(Vec<Expression>),
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind")]
enum Step {
    Wait { seconds: f64 },
    Repeat { steps: Vec<Step> },
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Egg {
    hatches: Option<Box<Hen>>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Hen {
    eggs: Vec<Egg>,
}

/// All types that contain themselves.
#[must_use]
pub fn recursive() -> Vec<Recursive> {
    vec![
        case::<Node>("Node", "Node -> children -> Node"),
        case::<Scene>("Scene", "Node -> children -> Node"),
        case::<Expression>("Expression", "Expression -> Sum -> Expression"),
        case::<Step>("Step", "Step -> steps -> Step"),
        case::<Egg>("Egg", "Egg -> hatches -> Hen -> eggs -> Egg"),
    ]
}
