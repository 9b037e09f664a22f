//! The profile against its table. What it makes of a corpus of types is tested in `rship-tests`, with
//! a real validator beside it.

mod choices;
mod cycles;
mod object;
mod rows;
mod variants;

use schemars::JsonSchema;
use serde_json::Value;

use super::of_argument;

fn argument<T: JsonSchema>() -> Value {
    of_argument::<T>().expect("a schema").schema
}
