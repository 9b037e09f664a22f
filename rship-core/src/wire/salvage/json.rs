//! The walk over JSON text.

use std::borrow::Cow;

use super::{Found, Level};

pub(super) fn walk(text: &str) -> Found {
    let mut found = Found::default();
    // Where the structure itself breaks off, what came before it still counts.
    let _ = Walk { text, at: 0 }.object(Level::Frame, &mut found);
    found
}

struct Walk<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Walk<'t> {
    /// Calls itself for objects that matter alone, so not more than twice. `None` where it breaks off.
    fn object(&mut self, level: Level, found: &mut Found) -> Option<()> {
        self.expect(b'{')?;
        if self.peek()? == b'}' {
            return self.expect(b'}');
        }
        loop {
            let name = self.string()?;
            let name = decoded(name).unwrap_or_default();
            self.expect(b':')?;
            match (self.peek()?, level.inside(&name)) {
                (b'"', _) => {
                    if let Some(value) = decoded(self.string()?) {
                        found.string(level, &name, &value);
                    }
                }
                (b'{', Some(inside)) => self.object(inside, found)?,
                _ => self.skip()?,
            }
            match self.peek()? {
                b',' => self.at += 1,
                _ => return self.expect(b'}'),
            }
        }
    }

    /// The next byte that is not white space.
    fn peek(&mut self) -> Option<u8> {
        let rest = self.text.as_bytes().get(self.at..)?;
        self.at += rest.iter().position(|byte| !byte.is_ascii_whitespace())?;
        self.text.as_bytes().get(self.at).copied()
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    /// A string with its quotes, as it is written.
    fn string(&mut self) -> Option<&'t str> {
        self.expect(b'"')?;
        let (text, start) = (self.text, self.at - 1);
        loop {
            let rest = text.as_bytes().get(self.at..)?;
            self.at += rest.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
            if text.as_bytes().get(self.at) == Some(&b'"') {
                self.at += 1;
                return text.get(start..self.at);
            }
            // What is escaped ends nothing.
            self.at += 2;
        }
    }

    /// Skips a value of any depth, up to what ends it: numbers and words may be no JSON.
    fn skip(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            match self.peek()? {
                b'"' => {
                    self.string()?;
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => match depth {
                    0 => return Some(()),
                    _ => depth -= 1,
                },
                b',' if depth == 0 => return Some(()),
                _ => {}
            }
            self.at += 1;
        }
    }
}

/// The text of a string; `None` where it is none, as with half of a surrogate pair.
fn decoded(string: &str) -> Option<Cow<'_, str>> {
    let inside = string.get(1..string.len() - 1)?;
    if !inside.contains('\\') {
        return Some(Cow::Borrowed(inside));
    }
    serde_json::from_str(string).ok().map(Cow::Owned)
}
