//! Variables of the environment, and the small files that they name: read in one place, by one rule.

use std::env::{self, VarError};
use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

use crate::error::SettingError;

/// A variable, if it is set; one that is set must have a value.
///
/// # Errors
/// When it has none, or is not UTF-8.
pub fn variable(name: &'static str) -> Result<Option<String>, SettingError> {
    match text(name)? {
        Some(value) if value.trim().is_empty() => Err(SettingError::new(
            name,
            "is empty: give it a value, or do not set it",
        )),
        value => Ok(value),
    }
}

/// A variable, if it is set, even if nothing is in it.
pub(crate) fn text(name: &'static str) -> Result<Option<String>, SettingError> {
    match env::var(name) {
        Ok(value) => Ok(Some(value)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(SettingError::new(name, "is not UTF-8")),
    }
}

/// All of a small file; `origin` is what it is called in errors.
pub(crate) fn read_file(path: &Path, limit: usize, origin: &str) -> Result<String, SettingError> {
    let wrong = |problem: &str| SettingError::new(origin, problem);
    let unread = |error: std::io::Error| wrong(&format!("cannot be read: {error}"));
    // Opening a pipe would wait for somebody who writes to it.
    if !fs::metadata(path).map_err(unread)?.is_file() {
        return Err(wrong("is not a file"));
    }
    let mut bytes = Vec::new();
    let mut file = File::open(path).map_err(unread)?.take(limit as u64 + 1);
    file.read_to_end(&mut bytes).map_err(unread)?;
    if bytes.len() > limit {
        return Err(wrong(&format!("has more than {limit} bytes")));
    }
    // The error of the standard library would carry the bytes.
    String::from_utf8(bytes).map_err(|_| wrong("is not UTF-8"))
}
