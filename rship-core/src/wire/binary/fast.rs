//! From JSON text to CBOR without a general reader: what serde_json writes is plain and dense.
//!
//! What is unusual is left, without a reason, to the general reader: white space, great depth, and
//! whatever is not JSON. What is read here is written to the same bytes.

use cbor4ii::core::{major, marker};

use super::put;

/// Calls itself so often at most.
const DEPTH: usize = 32;

/// So much is copied at once.
const BLOCK: usize = 16;

/// More digits may not fit into 64 bits.
const DIGITS: usize = 19;

/// Whole numbers up to this one are floats without a loss.
const EXACT: u64 = 1 << 53;

/// The powers of ten that are floats without a loss: one division by them rounds as it must.
const TENS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// How much of a string can be copied: up to a quote, a backslash, or what must be escaped. Eight bytes
/// at a time, because a frame takes a third longer byte by byte.
fn plain(text: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    // Sets the high bit of the first byte below `limit`, and perhaps of some after it.
    let below = |word: u64, limit: u8| word.wrapping_sub(ONES * u64::from(limit)) & !word;
    let mut at = 0;
    while let Some(word) = text.get(at..).and_then(<[u8]>::first_chunk) {
        let word = u64::from_le_bytes(*word);
        let quote = below(word ^ (ONES * u64::from(b'"')), 1);
        let backslash = below(word ^ (ONES * u64::from(b'\\')), 1);
        let found = (below(word, 0x20) | quote | backslash) & HIGH;
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    let ends = |byte: &u8| *byte < 0x20 || matches!(byte, b'"' | b'\\');
    Some(at + text[at..].iter().position(ends)?)
}

/// Appends the value; `None` when the general reader must do it, and `out` may hold a part of it then.
pub(super) fn transcode(json: &[u8], out: &mut Vec<u8>) -> Option<()> {
    // Once for all strings: they are cut at the quotes, which are characters of their own.
    if !json.is_ascii() {
        std::str::from_utf8(json).ok()?;
    }
    let mut reader = Reader { rest: json };
    reader.value(DEPTH, out)?;
    reader.rest.is_empty().then_some(())
}

struct Reader<'j> {
    rest: &'j [u8],
}

impl<'j> Reader<'j> {
    fn value(&mut self, depth: usize, out: &mut Vec<u8>) -> Option<()> {
        match self.rest.first()? {
            b'"' => self.string(out),
            b'{' => self.members(major::MAP, b'}', depth, out),
            b'[' => self.members(major::ARRAY, b']', depth, out),
            b't' => self.word(b"true", marker::TRUE, out),
            b'f' => self.word(b"false", marker::FALSE, out),
            b'n' => self.word(b"null", marker::NULL, out),
            _ => self.number(out),
        }
    }

    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn word(&mut self, word: &[u8], marker: u8, out: &mut Vec<u8>) -> Option<()> {
        self.rest = self.rest.strip_prefix(word)?;
        out.push(marker);
        Some(())
    }

    fn members(&mut self, kind: u8, end: u8, depth: usize, out: &mut Vec<u8>) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        self.next()?;
        let start = put::open(out);
        let mut count = 0;
        if self.rest.first() == Some(&end) {
            self.next()?;
        } else {
            loop {
                if kind == major::MAP {
                    self.string(out)?;
                    self.rest = self.rest.strip_prefix(b":")?;
                }
                self.value(depth, out)?;
                count += 1;
                match self.next()? {
                    b',' => {}
                    byte if byte == end => break,
                    _ => return None,
                }
            }
        }
        put::close(start, kind, count, out);
        Some(())
    }

    fn string(&mut self, out: &mut Vec<u8>) -> Option<()> {
        let inside = self.rest.strip_prefix(b"\"")?;
        let (text, rest) = inside.split_at(plain(inside)?);
        match rest.split_first()? {
            (b'"', rest) => {
                self.rest = rest;
                put::head(major::STRING, text.len() as u64, out);
                match inside.first_chunk::<BLOCK>() {
                    // A copy of fixed length is a single instruction: most keys are short.
                    Some(block) if text.len() <= BLOCK => {
                        let end = out.len() + text.len();
                        out.extend_from_slice(block);
                        out.truncate(end);
                    }
                    _ => out.extend_from_slice(text),
                }
            }
            (b'\\', _) => put::string(&self.escaped()?, out),
            _ => return None,
        }
        Some(())
    }

    #[cold]
    fn escaped(&mut self) -> Option<String> {
        let mut end = 1;
        loop {
            match self.rest.get(end)? {
                b'"' => break,
                // What is escaped ends nothing.
                b'\\' => end += 2,
                _ => end += 1,
            }
        }
        let (text, rest) = self.rest.split_at(end + 1);
        self.rest = rest;
        serde_json::from_str(std::str::from_utf8(text).ok()?).ok()
    }

    fn number(&mut self, out: &mut Vec<u8>) -> Option<()> {
        let whole = self.rest;
        let negative = whole.first() == Some(&b'-');
        let digits = &whole[usize::from(negative)..];
        let (mut value, mut at) = (0_u64, 0);
        // Where the point stands, and one more.
        let mut point = 0;
        while let Some(byte) = digits.get(at) {
            match byte {
                b'0'..=b'9' if at <= DIGITS => {
                    value = value.wrapping_mul(10).wrapping_add(u64::from(byte & 0xf));
                }
                b'.' if point == 0 => point = at + 1,
                b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-' => return self.any_number(out),
                _ => break,
            }
            at += 1;
        }
        let plain = match (digits, point) {
            // No digit, or one too many at the front; and zero has a sign as a float alone.
            ([] | [b'.', ..] | [b'0', b'0'..=b'9', ..], _) => false,
            (_, 0) => at <= DIGITS && (!negative || (1..=1 << 63).contains(&value)),
            (_, point) => point < at && value <= EXACT,
        };
        if !plain || at == 0 {
            return self.any_number(out);
        }
        self.rest = &digits[at..];
        match (point, negative) {
            (0, false) => put::head(major::UNSIGNED, value, out),
            (0, true) => put::head(major::NEGATIVE, value - 1, out),
            (point, _) => {
                let value = value as f64 / TENS.get(at - point)?;
                put::float(if negative { -value } else { value }, out);
            }
        }
        Some(())
    }

    /// A number in any form.
    #[cold]
    fn any_number(&mut self, out: &mut Vec<u8>) -> Option<()> {
        let is_inside = |byte: &u8| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-');
        let end = self.rest.iter().position(|byte| !is_inside(byte));
        let (number, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        let number = std::str::from_utf8(number).ok()?;
        if let Ok(value) = serde_json::from_str::<u64>(number) {
            put::head(major::UNSIGNED, value, out);
        } else {
            put::float(serde_json::from_str(number).ok()?, out);
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use fastrand::Rng;
    use serde_json::Value;

    use super::{plain, transcode};
    use crate::wire::binary::encode;

    /// Both ways; where the fast one does it, both must come to the same bytes.
    fn both(json: &str) -> bool {
        let (mut fast, mut general) = (vec![7], vec![7]);
        let done = transcode(json.as_bytes(), &mut fast).is_some();
        let read = encode::transcode(json.as_bytes(), &mut general);
        if done {
            assert!(read.is_ok(), "{json}");
            assert_eq!(fast, general, "{json}");
        }
        done
    }

    #[test]
    fn what_serde_writes_is_transcoded_at_once() {
        let many: Vec<_> = (0..70_000).map(|number| number.to_string()).collect();
        let list = |count| format!("[{}]", many[..count].join(","));
        for json in [
            "null",
            "true",
            "false",
            "{}",
            "[]",
            "\"\"",
            "\"load\"",
            "\"\u{fc} \u{2713}\"",
            r#""a\"b\\\n\u00e4""#,
            "0",
            "1",
            "23",
            "24",
            "255",
            "256",
            "65536",
            "4294967296",
            "9007199254740993",
            "18446744073709551615",
            "18446744073709551616",
            "-1",
            "-24",
            "-25",
            "-9223372036854775808",
            "-9223372036854775809",
            "-0",
            "0.0",
            "-0.0",
            "0.25",
            "1.0",
            "250000.0",
            "0.1",
            "-0.30000000000000004",
            "5e-324",
            "1e-7",
            "1.5e300",
            "1.7976931348623157e308",
            "0.8414709848078965",
            "123456789012345678901.5",
            r#"{"level":0.25,"channel":1,"label":"load"}"#,
            r#"{"a":[1,[2,{"b":null}]],"":{"c":true}}"#,
            &list(23),
            &list(24),
            &list(255),
            &list(256),
            &list(70_000),
        ] {
            assert!(both(json), "{json}");
        }
    }

    #[test]
    fn what_is_unusual_or_wrong_is_left_to_the_general_reader() {
        let deep = format!("{}{}", "[".repeat(40), "]".repeat(40));
        for json in [
            "",
            " 1",
            "1 ",
            "[1, 2]",
            "{\"a\" :1}",
            "01",
            "-",
            "-01",
            "1.",
            ".5",
            "+1",
            "1e",
            "1e400",
            "--1",
            "1.2.3",
            "nul",
            "nulll",
            "True",
            "NaN",
            "[1,]",
            "[,1]",
            "[1",
            "[1}",
            "{1:2}",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "\"",
            "\"\\",
            "\"a\tb\"",
            r#""\ud800""#,
            r#""\x""#,
            "1 2",
            "{}{}",
            "\"a\"\"b\"",
            &deep,
        ] {
            assert!(!both(json), "{json}");
        }
        assert!(transcode(b"\"\xff\"", &mut Vec::new()).is_none());
    }

    #[test]
    fn floats_come_to_the_same_bits_as_those_of_the_general_reader() {
        let mut rng = Rng::with_seed(11);
        for _ in 0..100_000 {
            let mut digits = rng.u64(..).to_string();
            digits.truncate(rng.usize(1..=digits.len()));
            digits.insert(rng.usize(..=digits.len()), '.');
            both(&digits);
            both(&format!("-{digits}"));
            let float = f64::from_bits(rng.u64(..));
            assert!(!float.is_finite() || both(&Value::from(float).to_string()));
            assert!(both(&(rng.u64(..) >> rng.u8(..64)).to_string()));
            assert!(both(&(rng.i64(..) >> rng.u8(..64)).to_string()));
        }
    }

    #[test]
    fn damaged_text_is_never_taken_for_json() {
        let seed = r#"{"a":[1,-2.5e3,true,null,"x\ny"],"b":{"c":0.125,"d":"\u00fc"}}"#;
        let mut rng = Rng::with_seed(12);
        for _ in 0..100_000 {
            let mut text = seed.to_owned().into_bytes();
            for _ in 0..rng.usize(1..3) {
                let at = rng.usize(..text.len());
                match rng.u8(..3) {
                    0 => text[at] = b"{}[],:\"\\0123456789.-+eEtrufalsn \n"[rng.usize(..33)],
                    1 => drop(text.remove(at)),
                    _ => text.insert(at, text[at]),
                }
            }
            if let Ok(text) = String::from_utf8(text) {
                both(&text);
            }
        }
    }

    #[test]
    fn the_end_of_what_can_be_copied_is_found_wherever_it_stands() {
        for place in 0..20 {
            for byte in 0..0x80_u8 {
                let mut text = "ü!~\u{7f} é ✓xyz 0123".as_bytes()[..20].to_vec();
                text[place] = byte;
                let ends = byte < 0x20 || byte == b'"' || byte == b'\\';
                assert_eq!(plain(&text), ends.then_some(place), "{byte:#x}");
            }
        }
    }
}
