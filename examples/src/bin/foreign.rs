//! A type of another crate, which cannot be annotated: described with the builder that the macros use.
//!
//! The loop of a player, kept as the standard library's `Range`.
//!
//! ```text
//! cargo run -p rship-examples --bin foreign
//! cargo run -p rship-examples --bin foreign -- --manifest
//! ```

use std::ops::Range;
use std::sync::Arc;

use rship_examples::{Failure, Show};
use rship_runtime::model::{ActionSpec, Arg, EmitterSpec, Model, ModelBuilder, ModelError};
use serde_json::json;

type Loop = Range<f64>;

fn describe() -> Result<Arc<Model<Loop>>, ModelError> {
    let mut model = ModelBuilder::<Loop>::new("Range");
    model
        .name("Loop")
        .category("player")
        .doc("The part of the film that plays over and over.");

    // A field that is published, and one that may be set from outside as well.
    let start = EmitterSpec::new("start").doc("Where it begins, in seconds.");
    model.state(start, |range| &range.start);
    let end = EmitterSpec::new("end").doc("Where it ends, in seconds.");
    model.state(end, |range| &range.end);
    let value = Arg::<f64>::new("end").min(0.0);
    let set_end = ActionSpec::new("set-end").doc("Moves the end alone.");
    model.setter(set_end, "end", "end", value, |range, end| range.end = end);

    // A value that follows from others.
    let length = EmitterSpec::new("length").doc("How long it takes, in seconds.");
    model.computed(length, None, |range| range.end - range.start);

    // An action with an argument.
    let by = Arg::<f64>::new("by").doc("Seconds, negative for earlier.");
    let read_by = by.reader();
    let shift = ActionSpec::new("shift")
        .doc("Moves the whole loop.")
        .arg(&by);
    model.action(shift.sync(move |range: &mut Loop, arguments| {
        let by = arguments.read(&read_by)?;
        range.start += by;
        range.end += by;
        Ok(json!({"start": range.start, "end": range.end}))
    }));

    model.build()
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let show = Show::open("player").await?;
    show.executor
        .add_described("loop", 10.0..14.5, describe()?)?;
    show.run(&[
        "ls",
        "call loop:shift '{\"by\": 2.5}'",
        "call loop:set-end 20",
        "watch loop:length",
    ])
    .await
}
