//! A manifest in a file, which a test holds a device to.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use rship_runtime::Executor;
use serde_json::Value;

use super::compare;
use super::tree::{ANY_HOST, is_named_after_host, text};
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

/// Holds a device to the manifest in a file of a package.
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
        let manifest = without_machine(manifest);
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

/// A manifest as it would be on a host without a name of its own.
fn without_machine(mut manifest: Value) -> Value {
    let instances = manifest["instances"].as_array_mut();
    for instance in instances.into_iter().flatten() {
        let item = &mut instance["instance"];
        if is_named_after_host(item) {
            let own = item["id"].clone();
            let other = format!("{}-{ANY_HOST}", text(item, "serviceId"));
            for field in ["id", "name"] {
                if item[field] == own {
                    item[field] = other.as_str().into();
                }
            }
        }
        if item.get("machineId").is_some() {
            item["machineId"] = ANY_HOST.into();
        }
    }
    manifest
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A file that is not there, and will not be.
    struct Gone(std::path::PathBuf);

    impl Gone {
        fn new() -> Self {
            let name = format!("rship-{}.manifest.json", uuid::Uuid::new_v4());
            Self(std::env::temp_dir().join(name))
        }
    }

    impl Drop for Gone {
        fn drop(&mut self) {
            drop(fs::remove_file(&self.0));
        }
    }

    fn lamp(machine: &str, max: u32) -> Value {
        let action = json!({"id": "lamp:dim", "schema": {"type": "number", "maximum": max}});
        let target = json!({"id": "lamp", "actions": [action], "emitters": [], "targets": []});
        let id = format!("lamps-{machine}");
        let instance = json!({"id": id, "name": id, "serviceId": "lamps", "machineId": machine});
        json!({"serviceId": "lamps", "instances": [{"instance": instance, "targets": [target]}]})
    }

    #[test]
    fn a_file_is_written_when_told_and_then_held_to_on_every_machine() {
        let file = Gone::new();
        let error = held_to(&file.0, &lamp("pier", 10), false).unwrap_err();
        assert!(error.contains("RSHIP_MANIFEST_UPDATE=1"), "{error}");
        held_to(&file.0, &lamp("pier", 10), true).unwrap();
        let written = fs::read_to_string(&file.0).unwrap();
        assert!(!written.contains("pier"), "{written}");
        held_to(&file.0, &lamp("stage", 20), false).unwrap();
        let error = held_to(&file.0, &lamp("pier", 5), false).unwrap_err();
        assert!(
            error.contains(
                "- action `lamp:dim`: it was at most 10, and is at most 5; take what was taken"
            ),
            "{error}"
        );
        held_to(&file.0, &lamp("pier", 5), true).unwrap();
        held_to(&file.0, &lamp("pier", 5), false).unwrap();
    }

    #[test]
    fn a_file_that_is_not_a_manifest_is_said_with_its_name() {
        let file = Gone::new();
        for text in ["lamp", "{}"] {
            fs::write(&file.0, text).unwrap();
            let error = held_to(&file.0, &lamp("pier", 10), false).unwrap_err();
            assert!(error.contains(".manifest.json: "), "{error}");
        }
    }
}
