//! The common frame in CBOR, as [`plain`](super::plain) has it in JSON: lengths are known, keys are strings, and the
//! values are those that JSON has.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde_json::Number;

use super::plain::{DEPTH, Pulse, fits};

/// The pulses of a binary frame to a 2026 server, on the same terms as those of a text.
pub(crate) fn read(bytes: &[u8], heaviest: usize) -> Option<Vec<Pulse<'_>>> {
    let mut frame = Reader { rest: bytes };
    (frame.map()? == 2 && frame.text()? == "event").then_some(())?;
    let event = frame.text()?;
    (frame.text()? == "data").then_some(())?;
    let count = match event {
        "ws:m:event" => 1,
        "ws:m:event-batch" => frame.array()?,
        _ => return None,
    };
    let mut pulses = Vec::new();
    for _ in 0..count {
        let pulse = frame.event()?;
        fits(&pulse, heaviest).then_some(())?;
        pulses.push(pulse);
    }
    frame.rest.is_empty().then_some(pulses)
}

struct Reader<'f> {
    rest: &'f [u8],
}

impl<'f> Reader<'f> {
    fn event(&mut self) -> Option<Pulse<'f>> {
        const NAMES: [&str; 7] = [
            "itemType",
            "changeType",
            "createdAt",
            "tx",
            "sourceId",
            "clientId",
            "item",
        ];
        let mut texts = [None; NAMES.len()];
        let mut pulse = None;
        for _ in 0..self.map()? {
            let name = self.text()?;
            if name == "item" {
                let before = pulse.replace(self.item()?);
                before.is_none().then_some(())?;
                continue;
            }
            self.text_into(name, &NAMES, &mut texts)?;
        }
        (texts[..2] == [Some("Pulse"), Some("SET")]).then_some(pulse)?
    }

    fn item(&mut self) -> Option<Pulse<'f>> {
        const NAMES: [&str; 4] = ["id", "emitterId", "clientId", "hash"];
        let mut texts = [None; NAMES.len()];
        let mut data = None;
        for _ in 0..self.map()? {
            let name = self.text()?;
            if name == "data" {
                let mut text = String::new();
                self.value(&mut text, DEPTH)?;
                let before = data.replace(text);
                before.is_none().then_some(())?;
                continue;
            }
            self.text_into(name, &NAMES, &mut texts)?;
        }
        let [id, emitter_id, client_id, hash] = texts;
        Some(Pulse {
            id: id?,
            emitter_id: emitter_id?,
            data: Cow::Owned(data?),
            client_id,
            hash,
        })
    }

    /// Reads a field that is a string into its place among those of these names.
    fn text_into(
        &mut self,
        name: &str,
        names: &[&str],
        texts: &mut [Option<&'f str>],
    ) -> Option<()> {
        let place = names.iter().position(|known| *known == name)?;
        let text = self.text()?;
        // It is written into JSON as it is.
        let plain = |byte| byte >= b' ' && byte != b'"' && byte != b'\\';
        text.bytes().all(plain).then_some(())?;
        texts[place].replace(text).is_none().then_some(())
    }

    /// Writes the next value as JSON.
    fn value(&mut self, out: &mut String, depth: usize) -> Option<()> {
        let (first, _) = self.rest.split_first()?;
        match first >> 5 {
            0 => write!(out, "{}", self.argument(0)?).ok(),
            1 => {
                let below = i64::try_from(self.argument(1)?).ok()?;
                write!(out, "{}", -1 - below).ok()
            }
            3 => write_text(self.text()?, out),
            4 => {
                out.push('[');
                for index in 0..self.array()? {
                    if index > 0 {
                        out.push(',');
                    }
                    self.value(out, depth.checked_sub(1)?)?;
                }
                out.push(']');
                Some(())
            }
            5 => {
                out.push('{');
                for index in 0..self.map()? {
                    if index > 0 {
                        out.push(',');
                    }
                    write_text(self.text()?, out)?;
                    out.push(':');
                    self.value(out, depth.checked_sub(1)?)?;
                }
                out.push('}');
                Some(())
            }
            7 => self.simple(out),
            _ => None,
        }
    }

    fn simple(&mut self, out: &mut String) -> Option<()> {
        let word = match self.take(1)?[0] {
            0xf4 => "false",
            0xf5 => "true",
            0xf6 => "null",
            0xf9 => {
                return write_float(
                    half(u16::from_be_bytes(self.take(2)?.try_into().ok()?)),
                    out,
                );
            }
            0xfa => {
                return write_float(
                    f32::from_be_bytes(self.take(4)?.try_into().ok()?).into(),
                    out,
                );
            }
            0xfb => return write_float(f64::from_be_bytes(self.take(8)?.try_into().ok()?), out),
            _ => return None,
        };
        out.push_str(word);
        Some(())
    }

    fn text(&mut self) -> Option<&'f str> {
        let length = self.argument(3)?;
        std::str::from_utf8(self.take(usize::try_from(length).ok()?)?).ok()
    }

    fn array(&mut self) -> Option<u64> {
        self.argument(4)
    }

    fn map(&mut self) -> Option<u64> {
        self.argument(5)
    }

    /// The number in the head of the next thing, if it is of this kind and says it.
    fn argument(&mut self, kind: u8) -> Option<u64> {
        let first = self.take(1)?[0];
        (first >> 5 == kind).then_some(())?;
        let length = match first & 0x1f {
            small @ 0..24 => return Some(small.into()),
            24 => 1,
            25 => 2,
            26 => 4,
            27 => 8,
            _ => return None,
        };
        let bytes = self.take(length)?.iter();
        Some(bytes.fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn take(&mut self, count: usize) -> Option<&'f [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }
}

fn write_text(text: &str, out: &mut String) -> Option<()> {
    // Servers take NULs out.
    (!text.contains('\0')).then_some(())?;
    out.push_str(&serde_json::to_string(text).ok()?);
    Some(())
}

/// A float of 16 bits: ten of the fraction, five of the exponent.
fn half(bits: u16) -> f64 {
    let fraction = f64::from(bits & 0x3ff) / 1024.0;
    let size = match (bits >> 10) & 0x1f {
        0 => fraction * 2_f64.powi(-14),
        0x1f => f64::NAN,
        exponent => (1.0 + fraction) * 2_f64.powi(i32::from(exponent) - 15),
    };
    if bits & 0x8000 == 0 { size } else { -size }
}

fn write_float(float: f64, out: &mut String) -> Option<()> {
    write!(out, "{}", Number::from_f64(float)?).ok()
}
