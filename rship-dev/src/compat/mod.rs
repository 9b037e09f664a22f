//! Manifests as contracts: what cues and bindings, made for a device as it was, find of it as it is.
//!
//! A show holds ids, arguments and the shape of values for years. [`compare`] says which of these a new version of a
//! device would break, and [`assert_compatible!`](crate::assert_compatible) makes a test of it:
//!
//! ```no_run
//! # fn executor() -> rship_runtime::Executor { unimplemented!() }
//! // A file beside `Cargo.toml`, which `RSHIP_MANIFEST_UPDATE=1 cargo test` writes.
//! rship_dev::assert_compatible!("device.manifest.json", executor());
//! ```
//!
//! Arguments are what others send: whatever was taken has to be taken still. Values are what others read: nothing may
//! come that did not come before, and nothing that they wait for may be gone. `docs/how-to/compat.md` has each case.

mod change;
mod contract;
mod number;
mod schema;
mod tree;
mod walk;

use serde_json::Value;

pub use self::change::{Change, Kind};
#[doc(hidden)]
pub use self::contract::{Manifest, check};

/// Says what differs between two manifests, what breaks first.
///
/// # Errors
/// When one of them is not a manifest, in words that say where.
pub fn compare(old: &Value, new: &Value) -> Result<Vec<Change>, ManifestError> {
    let read = |manifest, which| {
        tree::Tree::read(manifest).map_err(|problem| ManifestError { which, problem })
    };
    let (old, new) = (read(old, "old")?, read(new, "new")?);
    let mut changes = walk::changes(&old, &new);
    changes.sort_by_key(|change| !change.is_breaking);
    Ok(changes)
}

/// A document that is not a manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the {which} manifest cannot be read: {problem}")]
pub struct ManifestError {
    which: &'static str,
    problem: String,
}
