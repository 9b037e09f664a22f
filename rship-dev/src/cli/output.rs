//! Standard output: data only, one thing a line.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};

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
            escaped(&document, steers, as_json).into_owned()
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

    /// Whether a table can be drawn: a person looks at it, and has keys to leave it with.
    pub(crate) fn may_draw(self) -> bool {
        let is_dumb = std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb");
        !self.json && !is_dumb && io::stdout().is_terminal() && io::stdin().is_terminal()
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

/// The log, on standard error: what steers a terminal is written out in it as well.
#[derive(Debug)]
pub(crate) struct Log;

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // The log comes a whole line at a time, so no character is cut in two.
        let text = String::from_utf8_lossy(bytes);
        io::stderr().lock().write_all(readable(&text).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// A text of one or more lines, in which whatever steers a terminal is written out.
fn readable(text: &str) -> Cow<'_, str> {
    escaped(text, |c| steers(c) && c != '\n', as_text)
}

/// A name or an id in one line, in which whatever steers a terminal is written out.
pub(crate) fn one_line(text: &str) -> Cow<'_, str> {
    escaped(text, steers, as_text)
}

/// Control characters move the cursor, the others here turn the order of what is read around or break the line.
fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
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

/// In a JSON document these characters stand in strings alone, and all are below U+10000.
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
        let written = escaped(&document, steers, as_json);
        assert_eq!(written, r#"{"name":"\u001b\u009b\u007f"}"#);
        assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), value);
    }

    #[test]
    fn what_turns_the_order_of_reading_around_is_written_out() {
        let turned = "a\u{202e}b\u{2066}c\u{2028}d\u{61c}e\u{200f}";
        let plain = "a\\u{202e}b\\u{2066}c\\u{2028}d\\u{61c}e\\u{200f}";
        assert_eq!(readable(turned), plain);
        assert_eq!(one_line(turned), plain);
        let value = json!({ "name": turned });
        let document = value.to_string();
        let written = escaped(&document, steers, as_json);
        assert!(written.is_ascii(), "{written}");
        assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), value);
    }
}
