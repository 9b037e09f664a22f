//! The README names everything that a user can write.

use std::collections::BTreeSet;
use std::fs;

fn read(path: &str) -> String {
    fs::read_to_string(format!("{}/../{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// What stands between `before` and `after`, wherever both are in one line.
fn quoted<'a>(text: &'a str, before: &'a str, after: &'a str) -> BTreeSet<&'a str> {
    let starts = text
        .match_indices(before)
        .map(|(at, _)| &text[at + before.len()..]);
    let words = starts.filter_map(|rest| rest.split(after).next());
    words.filter(|word| !word.contains('\n')).collect()
}

#[test]
fn the_readme_names_each_argument_of_each_attribute() {
    let readme = read("README.md");
    let grammar = read("rship-macros/src/grammar.rs");
    let (_, grammars) = grammar.split_once("\ngrammars! {").unwrap();
    let (grammars, _) = grammars.split_once("\n}").unwrap();
    let names: BTreeSet<_> = quoted(grammars, "\"", "\": ")
        .into_iter()
        .filter(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
        .collect();
    assert!(names.contains("restart") && names.len() >= 12, "{names:?}");
    let missing: Vec<_> = names
        .iter()
        .filter(|name| !readme.contains(&format!("`{name}")))
        .collect();
    assert!(missing.is_empty(), "the README does not name {missing:?}");
}

#[test]
fn the_readme_names_each_variable_of_the_environment() {
    let readme = read("README.md");
    for source in ["address", "config"] {
        let source = read(&format!("rship-runtime/src/{source}.rs"));
        for variable in quoted(&source, "\"RSHIP_", "\"") {
            let variable = format!("| `RSHIP_{variable}` |");
            assert!(
                readme.contains(&variable),
                "the README has no row {variable}"
            );
        }
    }
}

#[test]
fn the_readme_names_each_setting_of_the_executor() {
    let readme = read("README.md");
    let config = read("rship-runtime/src/config.rs");
    for setting in quoted(&config, "    pub fn ", "(mut self") {
        let is_named = readme.contains(&format!("`{setting}`"));
        assert!(is_named, "the README does not name the setting `{setting}`");
    }
}
