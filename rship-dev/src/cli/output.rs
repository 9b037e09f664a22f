//! Standard output: data only, one thing a line.

use std::borrow::Cow;
use std::fmt::Write as _;
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
        // What came over the wire may hold anything, and must not steer a terminal.
        let line = if self.json {
            let document = document().to_string();
            escaped(&document, char::is_control, as_json).into_owned()
        } else {
            readable(&text()).into_owned()
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
    drop(writeln!(
        io::stderr().lock(),
        "error: {}",
        readable(message)
    ));
}

/// Tells the user something that is not a result.
pub(crate) fn remark(message: &str) {
    drop(writeln!(io::stderr().lock(), "{}", readable(message)));
}

/// A text of one or more lines, its control characters written out.
fn readable(text: &str) -> Cow<'_, str> {
    escaped(text, |c| c.is_control() && c != '\n', as_text)
}

/// A name or an id in one line, its control characters written out.
pub(crate) fn one_line(text: &str) -> Cow<'_, str> {
    escaped(text, char::is_control, as_text)
}

fn escaped(
    text: &str,
    is_escaped: impl Fn(char) -> bool,
    escape: fn(&mut String, char),
) -> Cow<'_, str> {
    if !text.contains(&is_escaped) {
        return text.into();
    }
    let mut written = String::with_capacity(text.len());
    for c in text.chars() {
        if is_escaped(c) {
            escape(&mut written, c);
        } else {
            written.push(c);
        }
    }
    written.into()
}

fn as_text(written: &mut String, c: char) {
    written.extend(c.escape_default());
}

/// In a JSON document control characters stand in strings alone.
fn as_json(written: &mut String, c: char) {
    // Writing to a String cannot fail.
    let _ = write!(written, "\\u{:04x}", u32::from(c));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn control_characters_are_written_out() {
        assert_eq!(readable("a\n├─ ü"), "a\n├─ ü");
        assert_eq!(readable("a\u{1b}[2J\u{9b}\r\n"), "a\\u{1b}[2J\\u{9b}\\r\n");
        assert_eq!(one_line("a\nb"), "a\\nb");
        let value = json!({"name": "\u{1b}\u{9b}\u{7f}"});
        let document = value.to_string();
        let written = escaped(&document, char::is_control, as_json);
        assert_eq!(written, r#"{"name":"\u001b\u009b\u007f"}"#);
        assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), value);
    }
}
