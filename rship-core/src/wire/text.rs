//! Strings inside of frames.

use std::borrow::Cow;

use serde_json::Value;

use crate::json;

/// A string as it stands between its quotes in JSON.
pub(super) fn escaped(text: &str) -> Cow<'_, str> {
    // Ids and names rarely hold a character that must be escaped.
    let must_be = |byte: u8| byte < 0x20 || matches!(byte, b'"' | b'\\');
    if !text.bytes().any(must_be) {
        return Cow::Borrowed(text);
    }
    // A string is always written as JSON: quotes around the escaped characters.
    let mut json = json::text(&Value::from(text));
    json.pop();
    json.remove(0);
    Cow::Owned(json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_escaped_reads_as_the_text_and_only_that_is_copied() {
        for text in [
            "",
            "plain",
            "ü ✓ 🎛",
            "\u{7f}",
            "\"",
            "\\",
            "a\nb",
            "\0",
            "\"\\\u{1f}\"",
        ] {
            let escaped = escaped(text);
            let read: String = serde_json::from_str(&format!("\"{escaped}\"")).unwrap();
            assert_eq!(read, text);
            assert_eq!(matches!(escaped, Cow::Owned(_)), escaped != text);
        }
    }
}
