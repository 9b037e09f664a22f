//! `check`: what each generation of server would do with what a device's manifest announces.

mod manifest;
mod report;
mod verdict;

use std::path::Path;
use std::process::ExitCode;

use self::verdict::{Judged, Verdict};
use super::Failure;
use super::file::read;
use super::output::{self, Output};

/// The exit status when something would be dropped or cannot be bound.
const BAD: u8 = 1;
/// The exit status when there is no manifest to read.
const UNREADABLE: u8 = 2;

/// Judges the manifest in `file`, or on standard input.
pub(super) fn run(output: Output, file: &Path) -> Result<ExitCode, Failure> {
    let entities = match read(file).and_then(|text| manifest::entities(&text)) {
        Ok(entities) => entities,
        Err(why) => {
            output::complain(&why);
            return Ok(UNREADABLE.into());
        }
    };
    let judged = verdict::judge(entities);
    report::print(output, &judged)?;
    let bad = |one: &Judged| one.verdict >= Verdict::Unbindable;
    Ok(if judged.iter().any(bad) {
        BAD.into()
    } else {
        ExitCode::SUCCESS
    })
}

/// Judges the manifest in a text, and writes the report into nothing.
#[cfg(fuzzing)]
pub(super) fn of(text: &str) {
    if let Ok(entities) = manifest::entities(text) {
        report::write(&verdict::judge(entities));
    }
}
