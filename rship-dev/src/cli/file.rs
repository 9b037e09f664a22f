//! The files that a command reads.

use std::io::{self, IsTerminal as _, Read as _};
use std::path::Path;

use super::output;

/// The text of a manifest; `-` is standard input.
pub(crate) fn read(file: &Path) -> Result<String, String> {
    read_what(
        "reading a manifest from standard input: pipe in what `DEVICE --manifest` prints",
        file,
    )
}

/// The text of a file; `-` is standard input, for which a person in front of it is told what it is for.
pub(crate) fn read_what(hint: &str, file: &Path) -> Result<String, String> {
    if file != "-" {
        let shown = file.display();
        return std::fs::read_to_string(file)
            .map_err(|error| format!("cannot read {shown}: {error}"));
    }
    let mut stdin = io::stdin();
    if stdin.is_terminal() {
        output::remark(hint);
    }
    let mut text = String::new();
    match stdin.read_to_string(&mut text) {
        Ok(_) => Ok(text),
        Err(error) => Err(format!("cannot read standard input: {error}")),
    }
}
