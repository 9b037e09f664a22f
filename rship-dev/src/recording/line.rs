//! The lines of a recording: one JSON document each.

use std::io::{self, Write};

use rship_core::wire::Generation;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio_tungstenite::tungstenite::Message;

use super::secrets::Secrets;
use crate::codec;

/// What the head line calls the file.
pub(crate) const FORMAT: &str = "rship-recording";

/// The version of the format that is written, and the newest that is read.
pub(crate) const VERSION: u32 = 1;

/// Which way a frame went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Direction {
    /// From the executor to the server.
    Up,
    /// From the server to the executor.
    Down,
}

/// Who ended a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Ended {
    /// The executor, or whoever had connected.
    Executor,
    Server,
    /// The one that recorded: it was stopped, or the connection was over a limit.
    Recorder,
}

/// In which form a frame is in its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Form {
    /// A text frame that is JSON, as it was.
    Json,
    /// A binary frame that is CBOR, as the JSON of what it says.
    Cbor,
    /// A text frame that is not JSON, as a string.
    Text,
    /// A binary frame that is not CBOR, as a string of two hexadecimal digits a byte.
    Bytes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Head,
    Open,
    Frame,
    Close,
    End,
    /// Of a later writer of this version.
    #[serde(other)]
    Unknown,
}

/// A line as it is read; which fields it has depends on its kind.
#[derive(Debug, Deserialize)]
pub(crate) struct Line<'a> {
    pub(crate) kind: Kind,
    #[serde(default)]
    pub(crate) t: f64,
    #[serde(default)]
    pub(crate) c: u64,
    pub(crate) dir: Option<Direction>,
    pub(crate) enc: Option<Form>,
    #[serde(borrow)]
    pub(crate) frame: Option<&'a RawValue>,
    pub(crate) by: Option<Ended>,
    pub(crate) reason: Option<String>,
    pub(crate) format: Option<String>,
    pub(crate) version: Option<u32>,
    pub(crate) generation: Option<String>,
    pub(crate) start: Option<String>,
}

pub(crate) fn head(
    out: &mut impl Write,
    generation: Option<Generation>,
    start: &str,
) -> io::Result<()> {
    #[derive(Serialize)]
    struct Head<'a> {
        kind: &'a str,
        format: &'a str,
        version: u32,
        generation: Option<&'a str>,
        start: &'a str,
        program: &'a str,
    }
    let head = Head {
        kind: "head",
        format: FORMAT,
        version: VERSION,
        generation: generation.map(Generation::as_str),
        start,
        program: concat!("rship-dev ", env!("CARGO_PKG_VERSION")),
    };
    serde_json::to_writer(&mut *out, &head)?;
    out.write_all(b"\n")
}

pub(crate) fn open(out: &mut impl Write, t: f64, c: u64) -> io::Result<()> {
    writeln!(out, r#"{{"kind":"open","t":{t:.3},"c":{c}}}"#)
}

pub(crate) fn close(
    out: &mut impl Write,
    t: f64,
    c: u64,
    by: Ended,
    reason: &str,
) -> io::Result<()> {
    write!(out, r#"{{"kind":"close","t":{t:.3},"c":{c},"by":"#)?;
    serde_json::to_writer(&mut *out, &by)?;
    out.write_all(br#","reason":"#)?;
    serde_json::to_writer(&mut *out, reason)?;
    out.write_all(b"}\n")
}

pub(crate) fn end(out: &mut impl Write, t: f64, reason: &str) -> io::Result<()> {
    write!(out, r#"{{"kind":"end","t":{t:.3},"reason":"#)?;
    serde_json::to_writer(&mut *out, reason)?;
    out.write_all(b"}\n")
}

/// Writes a frame; the messages of the WebSocket itself have no line.
pub(crate) fn frame(
    out: &mut Vec<u8>,
    t: f64,
    c: u64,
    dir: Direction,
    message: &Message,
    secrets: &Secrets,
) -> io::Result<()> {
    let (form, frame) = match message {
        Message::Text(text) => match serde_json::from_str::<serde::de::IgnoredAny>(text) {
            Ok(_) => match secrets.left_out(text) {
                Some(document) => (Form::Json, document.to_string()),
                // In a document these stand between its parts alone.
                None => (Form::Json, text.replace(['\n', '\r'], " ")),
            },
            Err(_) => {
                let text = secrets.left_out_of_text(text);
                (Form::Text, serde_json::to_string(&text)?)
            }
        },
        Message::Binary(bytes) => match codec::from_cbor(bytes) {
            Ok(mut document) => {
                secrets.leave_out(&mut document);
                (Form::Cbor, document.to_string())
            }
            Err(_) => (Form::Bytes, serde_json::to_string(&to_hex(bytes))?),
        },
        Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_) => {
            return Ok(());
        }
    };
    write!(out, r#"{{"kind":"frame","t":{t:.3},"c":{c},"dir":"#)?;
    serde_json::to_writer(&mut *out, &dir)?;
    out.write_all(br#","enc":"#)?;
    serde_json::to_writer(&mut *out, &form)?;
    write!(out, r#","frame":{frame}}}"#)?;
    out.push(b'\n');
    Ok(())
}

fn to_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |digit: u8| char::from(DIGITS[usize::from(digit & 0xf)]);
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, *byte]);
    digits.map(digit).collect()
}

/// The bytes that [`Form::Bytes`] writes.
pub(crate) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |digit: u8| char::from(digit).to_digit(16);
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| {
            let [high, low] = pair else {
                return None;
            };
            u8::try_from(digit(*high)? << 4 | digit(*low)?).ok()
        })
        .collect()
}
