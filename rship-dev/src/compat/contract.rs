//! A manifest in a file, which a test holds a device to.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use rship_runtime::Executor;
use serde_json::Value;

use super::compare;
use crate::manifest::in_text;

/// Has the file written in place of comparing with it.
const UPDATE: &str = "RSHIP_MANIFEST_UPDATE";

/// What has a manifest.
pub trait Manifest {
    /// The manifest.
    fn manifest(&self) -> Value;
}

impl Manifest for Executor {
    fn manifest(&self) -> Value {
        Executor::manifest(self)
    }
}

impl Manifest for Value {
    fn manifest(&self) -> Value {
        self.clone()
    }
}

impl<M: Manifest + ?Sized> Manifest for &M {
    fn manifest(&self) -> Value {
        (**self).manifest()
    }
}

/// Panics when a device is not compatible with the manifest in a file of a package.
///
/// With `RSHIP_MANIFEST_UPDATE=1` in the environment the manifest is written there.
///
/// # Errors
/// In words for whoever runs the test.
pub fn check(package: &str, file: &str, device: &impl Manifest) -> Result<(), String> {
    let wants_update =
        std::env::var_os(UPDATE).is_some_and(|value| !value.is_empty() && value != "0");
    held_to(&Path::new(package).join(file), device, wants_update)
}

fn held_to(file: &Path, device: &impl Manifest, wants_update: bool) -> Result<(), String> {
    let shown = file.display();
    let manifest = device.manifest();
    if wants_update {
        return fs::write(file, format!("{manifest:#}\n"))
            .map_err(|error| format!("cannot write {shown}: {error}"));
    }
    let text = fs::read_to_string(file).map_err(|error| match error.kind() {
        ErrorKind::NotFound => format!(
            "there is no {shown} yet: run the test with {UPDATE}=1 to write the manifest of the device as it is"
        ),
        _ => format!("cannot read {shown}: {error}"),
    })?;
    let old = in_text(&text).map_err(|why| format!("{shown}: {why}"))?;
    let changes = compare(&old, &manifest).map_err(|error| format!("{shown}: {error}"))?;
    let (breaking, other): (Vec<_>, Vec<_>) =
        changes.into_iter().partition(|change| change.is_breaking);
    if breaking.is_empty() {
        if !other.is_empty() {
            // Only what is in the file is held to.
            eprintln!("{shown} is behind the device: {UPDATE}=1 writes it anew");
        }
        return Ok(());
    }
    let lines: Vec<_> = breaking.iter().map(|one| format!("- {one}")).collect();
    Err(format!(
        "shows that were made for {shown} would break:\n{}\nWhere that is meant, {UPDATE}=1 writes the file anew.",
        lines.join("\n")
    ))
}

/// Fails a test when a device breaks what shows may hold of it.
///
/// The first argument is a file beside the `Cargo.toml` of the package that is tested, the second an
/// `Executor` to which everything was added, or a manifest as JSON. What breaks is named with its place and what to do
/// about it. `RSHIP_MANIFEST_UPDATE=1 cargo test` writes the file, at first and whenever a break is meant; it belongs
/// into version control.
#[macro_export]
macro_rules! assert_compatible {
    ($file:expr, $device:expr $(,)?) => {
        if let Err(message) = $crate::compat::check(env!("CARGO_MANIFEST_DIR"), $file, &$device) {
            panic!("{message}");
        }
    };
}
