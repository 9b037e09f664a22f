//! Texts inside of frames.

use std::borrow::Cow;

use serde_json::Value;

/// A text as it stands between the quotes of a JSON string.
pub(super) fn escaped(text: &str) -> Cow<'_, str> {
    // Ids and names rarely hold a character that must be escaped.
    if is_plain(text.as_bytes()) {
        return Cow::Borrowed(text);
    }
    // A text is always written as JSON: quotes around the escaped characters.
    let mut json = Value::from(text).to_string();
    json.pop();
    json.remove(0);
    Cow::Owned(json)
}

/// Whether no byte must be escaped, eight bytes at a time: several texts in each event are looked at.
fn is_plain(text: &[u8]) -> bool {
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    let (words, rest) = text.as_chunks::<8>();
    // Sets the high bit of each byte below `limit`, or of one above such a byte; bytes of further
    // scripts, whose high bit is set, do not count.
    let below = |word: u64, limit: u8| word.wrapping_sub(ONES * u64::from(limit)) & !word;
    let mut found = 0;
    for word in words {
        let word = u64::from_ne_bytes(*word);
        found |= below(word, 0x20);
        found |= below(word ^ (ONES * u64::from(b'"')), 1);
        found |= below(word ^ (ONES * u64::from(b'\\')), 1);
    }
    found & HIGH == 0
        && rest
            .iter()
            .all(|byte| *byte >= 0x20 && !matches!(byte, b'"' | b'\\'))
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

    #[test]
    fn a_character_that_must_be_escaped_is_found_wherever_it_stands() {
        for place in 0..20 {
            for byte in 0..0x80_u8 {
                let mut text = "ü!~\u{7f} é ✓xyz 0123".as_bytes()[..20].to_vec();
                text[place] = byte;
                let must = byte < 0x20 || byte == b'"' || byte == b'\\';
                assert_eq!(is_plain(&text), !must, "{byte:#x} at {place}");
            }
        }
    }
}
