//! What is published holds what it needs, and what is said about the house is so.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// What cargo prints, without a network.
fn cargo(arguments: &[&str]) -> String {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(arguments).args(["--offline", "--locked"]);
    let output = cargo.current_dir(workspace()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    String::from_utf8(output.stdout).unwrap()
}

/// The packages of this workspace by their names.
fn packages() -> BTreeMap<String, Value> {
    let metadata = cargo(&["metadata", "--no-deps", "--format-version", "1"]);
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages
        .map(|package| {
            (
                package["name"].as_str().unwrap().to_owned(),
                package.clone(),
            )
        })
        .collect()
}

/// Those that go to a registry.
fn published() -> BTreeMap<String, Value> {
    let mut packages = packages();
    packages.retain(|_, package| package["publish"].is_null());
    packages
}

#[test]
fn ci_looks_at_each_feature_alone() {
    let run = fs::read_to_string(workspace().join(".ci/run")).unwrap();
    let (_, list) = run.split_once("\nfeatures=(\n").unwrap();
    let (list, _) = list.split_once("\n)\n").unwrap();
    let listed: BTreeSet<_> = list.split_whitespace().map(str::to_owned).collect();
    let mut there = BTreeSet::new();
    for (name, package) in packages() {
        let features = package["features"].as_object().unwrap();
        if features.is_empty() {
            continue;
        }
        // And without any.
        there.insert(format!("{name}:"));
        let others = features.keys().filter(|feature| *feature != "default");
        there.extend(others.map(|feature| format!("{name}:{feature}")));
    }
    assert!(there.len() >= 10, "{there:?}");
    assert_eq!(listed, there, "the list `features` in .ci/run");
}

#[test]
fn packages_say_what_a_registry_wants_and_hold_what_they_need() {
    let published = published();
    let names: Vec<_> = published.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["rship-core", "rship-dev", "rship-macros", "rship-runtime"]
    );
    for (name, package) in &published {
        for key in [
            "description",
            "license",
            "documentation",
            "readme",
            "rust_version",
        ] {
            assert!(package[key].is_string(), "{name} has no `{key}`");
        }
        for key in ["keywords", "categories"] {
            let count = package[key].as_array().unwrap().len();
            assert!((1..=5).contains(&count), "{name} has {count} {key}");
        }
        let files = cargo(&["package", "--list", "--allow-dirty", "-p", name]);
        let files: BTreeSet<_> = files.lines().map(|file| file.replace('\\', "/")).collect();
        for file in ["README.md", "LICENSE-MIT", "LICENSE-APACHE", "src/lib.rs"] {
            assert!(files.contains(file), "{name} has no {file}: {files:?}");
        }
        let folders = ["src/", "page/", "templates/"];
        let foreign: Vec<_> = files
            .iter()
            .filter(|file| {
                file.contains('/') && !folders.iter().any(|folder| file.starts_with(folder))
            })
            .collect();
        assert!(
            foreign.is_empty(),
            "{name} has what nobody needs: {foreign:?}"
        );
        // They are links, which not every system has.
        for file in ["LICENSE-MIT", "LICENSE-APACHE"]
            .into_iter()
            .filter(|_| cfg!(unix))
        {
            let here = fs::read_to_string(workspace().join(name).join(file)).unwrap();
            let whole = fs::read_to_string(workspace().join(file)).unwrap();
            assert_eq!(here, whole, "{name}/{file}");
        }
    }
}

#[test]
fn the_crates_have_one_version() {
    for (name, package) in published() {
        for dependency in package["dependencies"].as_array().unwrap() {
            let of = dependency["name"].as_str().unwrap();
            let is_ours = of.starts_with("rship-") && dependency["kind"].is_null();
            if is_ours {
                let wanted = dependency["req"].as_str().unwrap();
                assert_eq!(
                    wanted,
                    format!("={}", env!("CARGO_PKG_VERSION")),
                    "{name} wants {of}"
                );
            }
        }
    }
}

#[test]
fn the_page_for_contributors_names_what_is_there() {
    let page = fs::read_to_string(workspace().join("CONTRIBUTING.md")).unwrap();
    let mut found = 0;
    for name in page.split('`').skip(1).step_by(2) {
        let is_path = name.contains('/') && !name.contains([' ', '*']);
        if !is_path && !name.ends_with(".md") && !name.ends_with(".toml") {
            continue;
        }
        assert!(
            workspace().join(name).exists()
                || workspace().join("rship-core/src").join(name).exists(),
            "CONTRIBUTING.md names `{name}`, which is not there"
        );
        found += 1;
    }
    assert!(found >= 30, "{found}");
}
