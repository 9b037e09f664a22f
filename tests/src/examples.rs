//! The example programs, as they lie in their folder: a new one is found by itself.

use std::fs;
use std::path::Path;

/// Measures servers and needs a feature, so it is not an example of a device.
const NOT_DEVICES: [&str; 1] = ["load"];

/// The names of all examples, sorted.
///
/// # Panics
/// When their folder cannot be read.
#[must_use]
pub fn examples() -> Vec<&'static str> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/src/bin");
    let entries = fs::read_dir(folder).expect("a folder of examples");
    let names = entries.map(|entry| {
        let path = entry.expect("an example").path();
        let name = path.file_stem().expect("a name").to_string_lossy();
        name.into_owned()
    });
    let mut names: Vec<String> = names
        .filter(|name| !NOT_DEVICES.contains(&&**name))
        .collect();
    names.sort_unstable();
    // A few for the whole process.
    names.into_iter().map(|name| &*name.leak()).collect()
}

/// What an example is run with in a test, so that it is in the way of nothing else on this machine.
#[must_use]
pub fn run_arguments(example: &str) -> &'static [&'static str] {
    match example {
        "lamp" => &["--to", "127.0.0.1"],
        "videohub" => &["--simulate"],
        "osc-bridge" => &["--listen", "127.0.0.1:0"],
        _ => &[],
    }
}
