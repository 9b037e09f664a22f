//! Standard output: data only, one thing a line.

use std::io::{self, Write as _};

use serde_json::Value;

/// Where results go, and in which form.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    json: bool,
}

impl Output {
    pub(crate) const fn new(json: bool) -> Self {
        Self { json }
    }

    /// Prints a thing: as its text, or as its document in one line.
    pub(crate) fn say(
        self,
        text: impl FnOnce() -> String,
        document: impl FnOnce() -> Value,
    ) -> io::Result<()> {
        let line = if self.json {
            document().to_string()
        } else {
            text()
        };
        let mut stdout = io::stdout().lock();
        writeln!(stdout, "{line}")?;
        // A reader at the other end of a pipe wants each line when it happens.
        stdout.flush()
    }

    pub(crate) const fn is_json(self) -> bool {
        self.json
    }
}

/// Tells the user what went wrong.
pub(crate) fn complain(message: &str) {
    // With standard error closed as well there is nobody left to tell.
    drop(writeln!(io::stderr().lock(), "error: {message}"));
}

/// Tells the user something that is not a result.
pub(crate) fn remark(message: &str) {
    drop(writeln!(io::stderr().lock(), "{message}"));
}
