//! What each published crate offers, held against its `public-api.txt`:
//!
//!     cargo run -p rship-tests --bin api                 says what differs
//!     cargo run -p rship-tests --bin api -- --update     writes the files anew
//!
//! One line an item, without what is hidden and without derived implementations. The lines come from what rustdoc writes
//! as JSON, whose form belongs to the compiler's version: when the pinned compiler changes, so does `public-api`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// What is published.
const CRATES: [&str; 4] = ["rship-core", "rship-macros", "rship-runtime", "rship-dev"];

/// What to do when they differ.
const ADVICE: &str = "\
If that is meant, run `cargo run -p rship-tests --bin api -- --update`, read what changed as a user of the crate would,
and say it in CHANGELOG.md. What is gone or looks different is breaking: see \"Versions\" in CONTRIBUTING.md.";

fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Has rustdoc write what the crates offer; the folder where it does.
fn document(workspace: &Path) -> PathBuf {
    let metadata = cargo()
        .args(["metadata", "--locked", "--no-deps", "--format-version", "1"])
        .current_dir(workspace)
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&metadata.stdout).unwrap();
    // All of the workspace, as for the documentation: so both share what they need of other crates.
    let status = cargo()
        .args([
            "doc",
            "--locked",
            "--workspace",
            "--lib",
            "--no-deps",
            "--all-features",
            "--quiet",
        ])
        .env("RUSTDOC", workspace.join(".ci/rustdoc"))
        .env("RUSTDOCFLAGS", "-Z unstable-options --output-format json")
        .current_dir(workspace)
        .status()
        .unwrap();
    assert!(status.success(), "rustdoc failed");
    Path::new(metadata["target_directory"].as_str().unwrap()).join("doc")
}

/// What one crate offers, an item a line.
fn offered(documented: &Path, name: &str) -> String {
    let file = documented.join(format!("{}.json", name.replace('-', "_")));
    let api = public_api::Builder::from_rustdoc_json(file)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(true)
        .build()
        .unwrap();
    api.to_string()
}

/// The lines that one of both has more often, each with its sign.
fn differences(before: &str, now: &str) -> Vec<String> {
    let mut counts: BTreeMap<&str, i32> = BTreeMap::new();
    for line in before.lines() {
        *counts.entry(line).or_default() -= 1;
    }
    for line in now.lines() {
        *counts.entry(line).or_default() += 1;
    }
    counts
        .into_iter()
        .filter(|(_, count)| *count != 0)
        .map(|(line, count)| format!("  {} {line}", if count > 0 { '+' } else { '-' }))
        .collect()
}

fn main() -> ExitCode {
    let update = match std::env::args().nth(1).as_deref() {
        None => false,
        Some("--update") => true,
        Some(other) => {
            eprintln!("error: `{other}` is no argument; there is `--update`");
            return ExitCode::FAILURE;
        }
    };
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let documented = document(workspace);
    let mut same = true;
    for name in CRATES {
        let file = workspace.join(name).join("public-api.txt");
        let now = offered(&documented, name);
        if update {
            fs::write(&file, now).unwrap();
            continue;
        }
        let before = fs::read_to_string(&file).unwrap_or_default();
        let differences = differences(&before, &now);
        if !differences.is_empty() {
            same = false;
            eprintln!("error: {name} does not offer what {name}/public-api.txt says:");
            eprintln!("{}", differences.join("\n"));
        }
    }
    if same {
        return ExitCode::SUCCESS;
    }
    eprintln!("{ADVICE}");
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use super::differences;

    #[test]
    fn what_came_and_what_went_is_told_and_what_moved_is_not() {
        let (before, now) = ("fn a\nfn b\nfn b\n", "fn b\nfn c\nfn a\n");
        assert_eq!(differences(before, now), ["  - fn b", "  + fn c"]);
        assert!(differences(before, "fn b\nfn b\nfn a\n").is_empty());
    }
}
