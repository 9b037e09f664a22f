//! The binary wire of 2026 servers: CBOR (RFC 8949) of the same documents as the text wire.

mod decode;
mod encode;
mod fast;
mod put;

use serde_json::Value;

pub use decode::CborError;
pub(super) use put::{head, string};

/// A frame as CBOR, from its JSON text; lengths are definite, and floats are of 64 bits.
///
/// # Errors
/// When the text is not JSON, or nests deeper than 127 levels.
pub fn encode(json: impl AsRef<[u8]>) -> Result<Vec<u8>, serde_json::Error> {
    let json = json.as_ref();
    // CBOR of a frame is smaller than its text in all but odd cases.
    let mut out = Vec::with_capacity(json.len());
    encode_into(json, &mut out)?;
    Ok(out)
}

/// Appends a document as CBOR, as [`encode`] does.
pub(super) fn encode_into(json: &[u8], out: &mut Vec<u8>) -> Result<(), serde_json::Error> {
    let start = out.len();
    match fast::transcode(json, out) {
        Some(()) => Ok(()),
        None => {
            out.truncate(start);
            encode::transcode(json, out)
        }
    }
}

/// The document in a binary frame.
///
/// Takes what JSON can say: strings as keys, no tags, no byte strings, no `undefined`, only finite
/// numbers, at most 127 levels deep, and nothing after the document.
///
/// # Errors
/// When the bytes are not such a document.
pub fn decode(bytes: &[u8]) -> Result<Value, CborError> {
    decode::document(bytes)
}

#[cfg(test)]
mod tests;
