//! `compat`: what of a show that was made for an old manifest a new one breaks.

use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::Failure;
use super::file::read;
use super::output::{self, Output, one_line};
use crate::compat::{Change, compare};
use crate::manifest::in_text;

/// The exit status when something would break.
const BREAKS: u8 = 1;
/// The exit status when there is no manifest to read.
const UNREADABLE: u8 = 2;

/// Compares the manifests in two files.
pub(super) fn run(output: Output, old: &Path, new: &Path) -> Result<ExitCode, Failure> {
    let changes = match changes(old, new) {
        Ok(changes) => changes,
        Err(why) => {
            output::complain(&why);
            return Ok(UNREADABLE.into());
        }
    };
    for change in &changes {
        output.say(|| text(change), || document(change))?;
    }
    let breaking = changes.iter().filter(|change| change.is_breaking).count();
    if !output.is_json() {
        let summary = match (changes.len(), breaking) {
            (0, _) => "nothing changed".to_owned(),
            (all, 0) => format!("changes: {all}, none of which breaks anything"),
            (all, breaking) => format!(
                "changes: {all}, of which {breaking} break what was made for the old manifest"
            ),
        };
        output.say(|| summary, || Value::Null)?;
    }
    Ok(if breaking == 0 {
        ExitCode::SUCCESS
    } else {
        BREAKS.into()
    })
}

fn changes(old: &Path, new: &Path) -> Result<Vec<Change>, String> {
    if old == new && old == "-" {
        return Err("only one of the two manifests can come from standard input".to_owned());
    }
    let manifest = |file: &Path| {
        let named = |why| format!("{}: {why}", file.display());
        in_text(&read(file)?).map_err(named)
    };
    let (old, new) = (manifest(old)?, manifest(new)?);
    compare(&old, &new).map_err(|error| error.to_string())
}

fn text(change: &Change) -> String {
    let word = if change.is_breaking { "BREAKS" } else { "ok" };
    let sentence = change.to_string();
    format!("{word:<6}  {}", one_line(&sentence))
}

fn document(change: &Change) -> Value {
    let mut document = json!({"kind": "change"});
    document["of"] = change.kind.as_str().into();
    document["isBreaking"] = change.is_breaking.into();
    for (field, value) in [
        ("id", &change.id),
        ("path", &change.path),
        ("text", &change.text),
        ("mend", &change.mend),
    ] {
        document[field] = value.as_str().into();
    }
    document
}
