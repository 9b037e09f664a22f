//! The files that a command reads.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read as _};
use std::path::Path;

use super::output;

/// More than a device prints that has as many targets as a server takes, in bytes.
const LARGEST: u64 = 512 << 20;

/// The text of a manifest; `-` is standard input.
pub(crate) fn read(file: &Path) -> Result<String, String> {
    if file != "-" {
        let shown = file.display();
        return File::open(file)
            .and_then(whole)
            .map_err(|error| format!("cannot read {shown}: {error}"));
    }
    let stdin = io::stdin();
    if stdin.is_terminal() {
        output::remark(
            "reading a manifest from standard input: pipe in what `DEVICE --manifest` prints",
        );
    }
    whole(stdin.lock()).map_err(|error| format!("cannot read standard input: {error}"))
}

fn whole(from: impl io::Read) -> io::Result<String> {
    let mut text = String::new();
    from.take(LARGEST + 1).read_to_string(&mut text)?;
    if u64::try_from(text.len()).is_ok_and(|length| length <= LARGEST) {
        return Ok(text);
    }
    let largest = LARGEST >> 20;
    Err(io::Error::other(format!(
        "it has more than {largest} MiB, and manifests have less"
    )))
}
