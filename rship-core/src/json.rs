//! Trees of JSON, read in one place: what reads one is compiled once for each crate and source that calls
//! `serde_json` itself, twenty kilobytes a time.

use serde_json::Value;
use serde_json::error::Error;

/// Reads a document.
///
/// # Errors
/// When it is not one.
pub fn read(json: &[u8]) -> Result<Value, Error> {
    match std::str::from_utf8(json) {
        Ok(json) => read_text(json),
        Err(error) => Err(serde::de::Error::custom(error)),
    }
}

/// Reads a document.
///
/// # Errors
/// When it is not one.
pub fn read_text(json: &str) -> Result<Value, Error> {
    serde_json::from_str(json)
}
