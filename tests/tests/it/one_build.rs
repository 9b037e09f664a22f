//! What the README has people run first shares one build: what both programs need, both need with the same features.

use std::collections::BTreeMap;
use std::process::Command;

/// The crates in the tree of a package, each with the features that it is built with.
fn features(package: &str) -> BTreeMap<String, Vec<String>> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args([
        "tree",
        "--offline",
        "--locked",
        "--no-dedupe",
        "--prefix",
        "none",
    ]);
    cargo.args(["-e", "normal,build", "-f", "{p}|{f}", "-p", package]);
    let output = cargo.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let tree = String::from_utf8(output.stdout).unwrap();
    let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for line in tree.lines() {
        let (name, features) = line.split_once('|').unwrap();
        all.entry(name.to_owned())
            .or_default()
            .push(features.to_owned());
    }
    for features in all.values_mut() {
        // A crate may be built for the host as well, with other features.
        features.sort_unstable();
        features.dedup();
    }
    all
}

#[test]
fn whoever_tries_what_an_example_proposes_sees_that_it_is_built() {
    let examples = format!("{}/../examples/src/lib.rs", env!("CARGO_MANIFEST_DIR"));
    let examples = std::fs::read_to_string(examples).unwrap();
    assert!(examples.contains("cargo run -p rship-dev -- {command}"));
    let readme = format!("{}/../README.md", env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(readme).unwrap();
    assert!(!readme.contains("cargo run -q"));
}

#[test]
fn the_readme_begins_with_the_two_commands_that_show_everything() {
    let readme = format!("{}/../README.md", env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(readme).unwrap();
    let commands = readme
        .lines()
        .filter_map(|line| line.strip_prefix("cargo "));
    let first = commands.take(2).map(|command| command.split("  ").next());
    let first: Vec<_> = first.flatten().collect();
    assert_eq!(first, ["run -p rship-examples", "test --workspace"]);
}

#[test]
fn the_examples_and_rship_dev_need_the_same_features_of_what_both_need() {
    let (examples, dev) = (features("rship-examples"), features("rship-dev"));
    let shared: Vec<_> = dev
        .keys()
        .filter(|name| examples.contains_key(*name))
        .collect();
    assert!(shared.len() > 60, "{shared:?}");
    let different: Vec<_> = shared
        .into_iter()
        .filter(|name| examples[*name] != dev[*name])
        .map(|name| format!("{name}: {:?} and {:?}", examples[name], dev[name]))
        .collect();
    assert!(
        different.is_empty(),
        "these are built twice:\n{}",
        different.join("\n")
    );
}
