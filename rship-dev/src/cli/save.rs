//! `rship-dev save`: the states of targets that can be set, as a file for `restore`.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Failure;
use super::client::Client;
use super::output::{Output, remark};
use super::settable::{self, Settable};

/// The form that is written and read.
pub(super) const VERSION: u64 = 1;

/// What the first line is of.
pub(super) const KIND: &str = "rship-save";

/// A state as it was saved: a line of the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct State {
    pub(super) instance: String,
    pub(super) emitter: String,
    pub(super) value: Value,
}

/// Prints the states below the targets, one a line.
pub(super) async fn run(
    client: &mut Client,
    patterns: &[String],
    instance: Option<&str>,
) -> Result<(), Failure> {
    let all = settable::fetch(client, patterns).await?;
    let here = |state: &Settable| instance.is_none_or(|id| state.instance == id);
    let (mut states, mut unknown) = (Vec::new(), 0);
    for state in all.into_iter().filter(here) {
        match state.value {
            Some(value) => states.push(State {
                instance: state.instance,
                emitter: state.emitter,
                value,
            }),
            None => unknown += 1,
        }
    }
    if states.is_empty() {
        return Err(Failure::Told(
            "nothing of that can be set as it is: fields with `#[emitter]` and `#[action]` can"
                .to_owned(),
        ));
    }
    // It is for a program, whatever the form that is asked for.
    let output = Output::new(true);
    output.say(String::new, || json!({"kind": KIND, "version": VERSION}))?;
    for state in &states {
        output.say(String::new, || {
            serde_json::to_value(state).unwrap_or_default()
        })?;
    }
    let rest = match unknown {
        0 => String::new(),
        count => format!("; {count} have no value yet"),
    };
    remark(&format!("states saved: {}{rest}", states.len()));
    Ok(())
}
