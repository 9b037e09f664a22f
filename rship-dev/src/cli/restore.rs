//! `rship-dev restore`: sets states as `save` has found them.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use rship_core::wire::Generation;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::Failure;
use super::call;
use super::client::Client;
use super::file::read_what;
use super::output::{self, Output, one_line};
use super::save::{KIND, State, VERSION};
use super::settable::{self, Settable};
use crate::recording::same;
use crate::speaking;

/// The exit status when something is missing or was refused.
const NOT_ALL: u8 = 1;
/// The exit status when there is no file to read.
const UNREADABLE: u8 = 2;

/// How often, and after what pause, a target is looked for that another's setter may bring.
const LOOKS: u32 = 10;
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// What became of a state.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Outcome {
    Set,
    WouldSet,
    Same,
    Missing(String),
    Refused(String),
}

#[derive(Deserialize)]
struct Header {
    kind: String,
    version: u64,
}

/// Reads the file; says why that cannot be done.
pub(super) fn load(file: &Path) -> Result<Vec<State>, String> {
    let hint = "reading states from standard input: pipe in what `rship-dev save` prints";
    states(&read_what(hint, file)?).map_err(|why| format!("{}: {why}", file.display()))
}

fn states(text: &str) -> Result<Vec<State>, String> {
    let mut lines = (1..)
        .zip(text.lines())
        .filter(|(_, line)| !line.trim().is_empty());
    let header = lines
        .next()
        .map(|(_, line)| serde_json::from_str::<Header>(line));
    match header {
        Some(Ok(header)) if header.kind == KIND && header.version <= VERSION => {}
        Some(Ok(header)) if header.kind == KIND => {
            return Err(format!(
                "it was saved by a newer rship-dev (form {}, and this one reads {VERSION}): use that one",
                header.version
            ));
        }
        _ => return Err("it is not a file of `rship-dev save`".to_owned()),
    }
    let state = |(number, line)| {
        serde_json::from_str(line).map_err(|error| format!("line {number} cannot be read: {error}"))
    };
    lines.map(state).collect()
}

/// What the restoring is to do.
pub(super) struct How {
    /// The instance to set everything in, in place of those that the file names.
    pub(super) instance: Option<String>,
    /// Nothing is set.
    pub(super) is_dry: bool,
}

pub(super) fn unreadable(why: &str) -> ExitCode {
    output::complain(why);
    UNREADABLE.into()
}

/// Sets the states and prints what became of each.
pub(super) async fn run(
    output: Output,
    client: &mut Client,
    mut states: Vec<State>,
    how: &How,
) -> Result<ExitCode, Failure> {
    if let Some(instance) = &how.instance {
        for state in &mut states {
            state.instance.clone_from(instance);
        }
    }
    let mut counts = [0; 4];
    let mut say = |state: &State, outcome: &Outcome| {
        counts[match outcome {
            Outcome::Set | Outcome::WouldSet => 0,
            Outcome::Same => 1,
            Outcome::Missing(_) => 2,
            Outcome::Refused(_) => 3,
        }] += 1;
        output.say(|| text(state, outcome), || document(state, outcome))
    };
    let mut known = settable::fetch(client, &[]).await?;
    let mut missing = Vec::new();
    let mut any_set = false;
    for state in &states {
        match one(client, &known, state, how.is_dry).await? {
            Outcome::Missing(_) => missing.push(state),
            outcome => {
                any_set |= outcome == Outcome::Set;
                say(state, &outcome)?;
            }
        }
    }
    // What was set may bring further targets, which are announced behind the answer.
    for _ in 0..if any_set { LOOKS } else { 0 } {
        if missing.is_empty() {
            break;
        }
        sleep(BETWEEN_LOOKS).await;
        known = settable::fetch(client, &[]).await?;
        let mut left = Vec::new();
        for state in missing {
            match one(client, &known, state, how.is_dry).await? {
                Outcome::Missing(_) => left.push(state),
                outcome => say(state, &outcome)?,
            }
        }
        missing = left;
    }
    for state in missing {
        let outcome = one(client, &known, state, true).await?;
        say(state, &outcome)?;
    }
    let [set, already, missing, refused] = counts;
    if !output.is_json() {
        let word = if how.is_dry { "would be set" } else { "set" };
        let summary =
            format!("{word}: {set}, already so: {already}, missing: {missing}, refused: {refused}");
        output.say(|| summary, || Value::Null)?;
    }
    Ok(if missing + refused == 0 {
        ExitCode::SUCCESS
    } else {
        NOT_ALL.into()
    })
}

/// Sets one state, unless it is so, or nothing is to be set.
async fn one(
    client: &mut Client,
    known: &[Settable],
    state: &State,
    is_dry: bool,
) -> Result<Outcome, Failure> {
    let mut own = known.iter().filter(|known| known.emitter == state.emitter);
    let Some(found) = own.clone().find(|known| known.instance == state.instance) else {
        return Ok(Outcome::Missing(match own.next() {
            Some(other) => format!(
                "the instance has no such state, but `{}` has: --instance {}",
                other.instance, other.instance
            ),
            None => "there is no such state that can be set".to_owned(),
        }));
    };
    if !found.is_online {
        return Ok(Outcome::Missing("its target is offline".to_owned()));
    }
    if found
        .value
        .as_ref()
        .is_some_and(|value| same(value, &state.value))
    {
        return Ok(Outcome::Same);
    }
    if is_dry {
        return Ok(Outcome::WouldSet);
    }
    let generation = client.generation();
    // A 2023 server's commands name no instance.
    let instance = (generation != Generation::V2023).then_some(&*state.instance);
    let (command_id, command) =
        speaking::action_command(generation, instance, &found.action, state.value.clone());
    let answer = client.command(command_id, command).await?;
    Ok(match answer {
        Ok(_) => Outcome::Set,
        Err(message) => {
            let action = found.action["id"].as_str().unwrap_or_default();
            Outcome::Refused(call::explained(generation, action, message))
        }
    })
}

impl Outcome {
    fn word(&self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::WouldSet => "would-set",
            Self::Same => "same",
            Self::Missing(_) => "missing",
            Self::Refused(_) => "refused",
        }
    }

    fn why(&self) -> Option<&str> {
        match self {
            Self::Missing(why) | Self::Refused(why) => Some(why),
            Self::Set | Self::WouldSet | Self::Same => None,
        }
    }
}

fn text(state: &State, outcome: &Outcome) -> String {
    let value = state.value.to_string();
    let why = outcome
        .why()
        .map_or_else(String::new, |why| format!(": {why}"));
    let line = format!(
        "{:<9}  {}  {} = {value}{why}",
        outcome.word(),
        state.instance,
        state.emitter
    );
    one_line(&line).into_owned()
}

fn document(state: &State, outcome: &Outcome) -> Value {
    let mut document = json!({
        "kind": "restored",
        "outcome": outcome.word(),
        "instance": state.instance,
        "emitter": state.emitter,
        "value": state.value,
    });
    if let Some(why) = outcome.why() {
        document["why"] = why.into();
    }
    document
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_line_by_line_and_another_one_is_not() {
        let header = r#"{"kind":"rship-save","version":1}"#;
        let line = r#"{"instance":"i","emitter":"t:e","value":[1]}"#;
        let read = states(&format!("{header}\n\n{line}\r\n")).unwrap();
        let state = State {
            instance: "i".to_owned(),
            emitter: "t:e".to_owned(),
            value: json!([1]),
        };
        assert_eq!(read, [state]);
        for (text, why) in [
            ("", "not a file of `rship-dev save`"),
            (line, "not a file of `rship-dev save`"),
            (r#"{"kind":"instance","version":1}"#, "not a file of"),
            (
                r#"{"kind":"rship-save","version":2}"#,
                "by a newer rship-dev",
            ),
            (
                &format!("{header}\n{line}\n{{\"instance\":"),
                "line 3 cannot be read",
            ),
        ] {
            let error = states(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
