//! CBOR (RFC 8949) as 2026 servers speak it: the documents of the text wire in bytes.
//!
//! By hand and apart from the executor's own, so that the two can be held against each other.

use serde_json::{Map, Number, Value};

/// As deep as text is read.
const DEPTH: u8 = 127;

const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const TAG: u8 = 6;

const FALSE: u8 = 0xf4;
const TRUE: u8 = 0xf5;
const NULL: u8 = 0xf6;
const UNDEFINED: u8 = 0xf7;
const FLOAT_16: u8 = 0xf9;
const FLOAT_32: u8 = 0xfa;
const FLOAT_64: u8 = 0xfb;
const BREAK: u8 = 0xff;

/// A document in bytes, lengths definite.
pub(crate) fn encode(document: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    write(document, &mut out);
    out
}

fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.push(NULL),
        Value::Bool(false) => out.push(FALSE),
        Value::Bool(true) => out.push(TRUE),
        Value::Number(number) => write_number(number, out),
        Value::String(text) => write_text(text, out),
        Value::Array(members) => {
            write_head(ARRAY, members.len() as u64, out);
            for member in members {
                write(member, out);
            }
        }
        Value::Object(fields) => {
            write_head(MAP, fields.len() as u64, out);
            for (name, field) in fields {
                write_text(name, out);
                write(field, out);
            }
        }
    }
}

fn write_number(number: &Number, out: &mut Vec<u8>) {
    if let Some(whole) = number.as_u64() {
        write_head(UNSIGNED, whole, out);
    } else if let Some(whole) = number.as_i64() {
        write_head(NEGATIVE, whole.unsigned_abs() - 1, out);
    } else {
        out.push(FLOAT_64);
        // A number is one of the three.
        out.extend(number.as_f64().unwrap_or_default().to_be_bytes());
    }
}

fn write_text(text: &str, out: &mut Vec<u8>) {
    write_head(TEXT, text.len() as u64, out);
    out.extend(text.as_bytes());
}

fn write_head(major: u8, number: u64, out: &mut Vec<u8>) {
    let major = major << 5;
    let bytes = number.to_be_bytes();
    // Truncation is what each arm has checked for.
    match number {
        0..=23 => out.push(major | bytes[7]),
        24..=0xff => out.extend([major | 24, bytes[7]]),
        0x100..=0xffff => {
            out.push(major | 25);
            out.extend(&bytes[6..]);
        }
        0x1_0000..=0xffff_ffff => {
            out.push(major | 26);
            out.extend(&bytes[4..]);
        }
        _ => {
            out.push(major | 27);
            out.extend(bytes);
        }
    }
}

/// The document in bytes, or what is wrong with them.
pub(crate) fn decode(bytes: &[u8]) -> Result<Value, String> {
    let mut reader = Reader { rest: bytes };
    let document = reader.value(DEPTH)?;
    match reader.rest.len() {
        0 => Ok(document),
        more => Err(format!("{more} bytes follow after the document")),
    }
}

struct Reader<'b> {
    rest: &'b [u8],
}

/// The number in a head; none for an indefinite length.
type Length = Option<u64>;

impl<'b> Reader<'b> {
    fn take(&mut self, count: u64) -> Result<&'b [u8], String> {
        let taken = usize::try_from(count)
            .ok()
            .and_then(|count| self.rest.split_at_checked(count));
        let (taken, rest) = taken.ok_or("it ends too early")?;
        self.rest = rest;
        Ok(taken)
    }

    fn number(&mut self, size: u64) -> Result<u64, String> {
        let bytes = self.take(size)?;
        Ok(bytes
            .iter()
            .fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn head(&mut self) -> Result<(u8, u8), String> {
        let byte = self.take(1)?.first().copied().unwrap_or_default();
        Ok((byte >> 5, byte & 0x1f))
    }

    fn length(&mut self, info: u8) -> Result<Length, String> {
        match info {
            0..=23 => Ok(Some(info.into())),
            24..=27 => self.number(1 << (info - 24)).map(Some),
            31 => Ok(None),
            _ => Err(format!("a head with the reserved length {info}")),
        }
    }

    fn definite(&mut self, info: u8) -> Result<u64, String> {
        self.length(info)?
            .ok_or_else(|| "an indefinite length where none can be".to_owned())
    }

    fn value(&mut self, depth: u8) -> Result<Value, String> {
        let (major, info) = self.head()?;
        match major {
            UNSIGNED => Ok(self.definite(info)?.into()),
            NEGATIVE => {
                let below = self.definite(info)?;
                Ok(i64::try_from(-1 - i128::from(below))
                    .map_or_else(|_| Value::from(-1.0 - below as f64), Value::from))
            }
            BYTES => Err("a byte string, which no frame has".to_owned()),
            TEXT => self.text(info).map(Value::String),
            ARRAY => {
                let depth = deeper(depth)?;
                let mut left = self.length(info)?;
                let mut members = Vec::new();
                while self.another(&mut left) {
                    members.push(self.value(depth)?);
                }
                Ok(Value::Array(members))
            }
            MAP => {
                let depth = deeper(depth)?;
                let mut left = self.length(info)?;
                let mut fields = Map::new();
                while self.another(&mut left) {
                    let (major, info) = self.head()?;
                    if major != TEXT {
                        return Err("a key that is no text".to_owned());
                    }
                    let name = self.text(info)?;
                    fields.insert(name, self.value(depth)?);
                }
                Ok(Value::Object(fields))
            }
            TAG => Err(format!(
                "the tag {}, and servers take none",
                self.definite(info)?
            )),
            _ => self.simple(0xe0 | info),
        }
    }

    fn text(&mut self, info: u8) -> Result<String, String> {
        let bytes = match self.length(info)? {
            Some(length) => self.take(length)?.to_vec(),
            None => {
                let mut left = None;
                let mut all = Vec::new();
                while self.another(&mut left) {
                    let (major, info) = self.head()?;
                    if major != TEXT {
                        return Err("a text of parts that are no texts".to_owned());
                    }
                    let length = self.definite(info)?;
                    all.extend(self.take(length)?);
                }
                all
            }
        };
        String::from_utf8(bytes).map_err(|_| "a text that is no UTF-8".to_owned())
    }

    /// Whether a member follows; takes the break that ends an indefinite length.
    fn another(&mut self, left: &mut Length) -> bool {
        match left {
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                true
            }
            None => match self.rest.split_first() {
                Some((&BREAK, rest)) => {
                    self.rest = rest;
                    false
                }
                // At the end of the input it is the member that is missed.
                _ => true,
            },
        }
    }

    fn simple(&mut self, byte: u8) -> Result<Value, String> {
        let float = match byte {
            FALSE => return Ok(false.into()),
            TRUE => return Ok(true.into()),
            NULL => return Ok(Value::Null),
            UNDEFINED => return Err("`undefined`, which no frame has".to_owned()),
            FLOAT_16 => from_half(self.number(2)?),
            FLOAT_32 => f32::from_bits(self.number(4)? as u32).into(),
            FLOAT_64 => f64::from_bits(self.number(8)?),
            BREAK => return Err("a break where nothing is open".to_owned()),
            _ => return Err("a simple value that no frame has".to_owned()),
        };
        Number::from_f64(float)
            .map(Value::Number)
            .ok_or_else(|| format!("the number {float}, which is not finite"))
    }
}

fn deeper(depth: u8) -> Result<u8, String> {
    depth
        .checked_sub(1)
        .ok_or_else(|| format!("it nests deeper than {DEPTH} levels"))
}

/// Appendix D of RFC 8949.
fn from_half(bits: u64) -> f64 {
    let exponent = (bits >> 10) & 0x1f;
    let mantissa = (bits & 0x3ff) as f64;
    let size = match exponent {
        0 => mantissa / f64::from(1 << 24),
        31 if mantissa == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (mantissa + 1024.0) / 1024.0 * 2f64.powi(exponent as i32 - 15),
    };
    if bits >> 15 == 1 { -size } else { size }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn documents_come_back_as_they_went() {
        for document in [
            json!(null),
            json!([
                true,
                false,
                "",
                "ü",
                0,
                23,
                24,
                255,
                256,
                65_536,
                u64::MAX,
                -1,
                -25,
                i64::MIN
            ]),
            json!([3.0, -0.0, 0.1, 1e300, 5e-324]),
            json!({"a": {"b": [{"c": []}]}, "d": {}}),
            json!(["x".repeat(70_000), vec![0; 300]]),
        ] {
            assert_eq!(decode(&encode(&document)), Ok(document));
        }
    }

    #[test]
    fn all_halves_are_what_the_formula_says() {
        assert_eq!(decode(&[0xf9, 0x3e, 0x00]), Ok(json!(1.5)));
        assert_eq!(decode(&[0xf9, 0x7b, 0xff]), Ok(json!(65504.0)));
        assert_eq!(
            decode(&[0xf9, 0x84, 0x00]),
            Ok(json!(-0.000_061_035_156_25))
        );
        assert_eq!(
            decode(&[0xf9, 0x00, 0x01]),
            Ok(json!(5.960_464_477_539_063e-8))
        );
    }

    #[test]
    fn indefinite_lengths_are_read() {
        let bytes = [
            0xbf, 0x61, b'a', 0x9f, 1, 2, 0xff, 0x61, b'b', 0x7f, 0x61, b'x', 0x61, b'y', 0xff,
            0xff,
        ];
        assert_eq!(decode(&bytes), Ok(json!({"a": [1, 2], "b": "xy"})));
    }

    #[test]
    fn what_servers_do_not_take_is_named() {
        for (bytes, word) in [
            (&[][..], "ends too early"),
            (
                &[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
                "ends too early",
            ),
            (
                &[0x7b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
                "ends too early",
            ),
            (&[0x9f, 1], "ends too early"),
            (&[0x41, 1], "byte string"),
            (&[0xc1, 1], "tag 1"),
            (&[0xf7], "undefined"),
            (&[0xf9, 0x7e, 0x00], "not finite"),
            (&[0xfa, 0x7f, 0x80, 0, 0], "not finite"),
            (&[0xa1, 1, 2], "key"),
            (&[0x62, 0xc3, 0x28], "UTF-8"),
            (&[0, 0], "1 bytes follow"),
            (&[0xff], "break"),
            (&[0x81, 0xff], "break"),
            (&[0x1c], "reserved"),
            (&[0x1f], "indefinite"),
            (&[0x7f, 0x7f, 0xff, 0xff], "indefinite"),
            (&[0xf0], "simple value"),
            (&[0x9f; 200], "nests deeper"),
        ] {
            let error = decode(bytes).unwrap_err();
            assert!(error.contains(word), "{bytes:x?}: {error}");
        }
    }
}
