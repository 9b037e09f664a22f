//! The profile against its table, against a corpus of types, and against a real validator.

mod agreement;
mod choices;
pub(crate) mod corpus;
mod cycles;
mod forbidden;
mod golden;
mod mutated;
mod object;
mod rows;
mod variants;

use schemars::JsonSchema;
use serde_json::Value;

use super::of_argument;

fn argument<T: JsonSchema>() -> Value {
    of_argument::<T>().expect("a schema").schema
}
