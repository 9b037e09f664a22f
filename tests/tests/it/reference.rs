//! The reference names everything that a user can write.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

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
fn the_reference_names_each_argument_of_each_attribute() {
    let page = read("docs/reference/attributes.md");
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
        .filter(|name| !page.contains(&format!("`{name}")))
        .collect();
    assert!(
        missing.is_empty(),
        "the page of the attributes does not name {missing:?}"
    );
}

/// All of the runtime's sources.
fn runtime() -> String {
    let mut folders = vec![format!("{}/../rship-runtime/src", env!("CARGO_MANIFEST_DIR")).into()];
    let mut all = String::new();
    while let Some(folder) = folders.pop() {
        let folder: PathBuf = folder;
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => all.push_str(&fs::read_to_string(path).unwrap()),
            }
        }
    }
    all
}

#[test]
fn the_reference_names_each_variable_of_the_environment() {
    let (page, runtime) = (read("docs/reference/environment.md"), runtime());
    let mut variables = quoted(&runtime, "\"RSHIP_", "\"");
    variables.retain(|name| name.chars().all(|c| c.is_ascii_uppercase() || c == '_'));
    assert!(variables.len() >= 4, "{variables:?}");
    for variable in variables {
        let variable = format!("| `RSHIP_{variable}` |");
        assert!(
            page.contains(&variable),
            "the page of the environment has no row {variable}"
        );
    }
}

#[test]
fn the_reference_names_each_setting_of_the_executor() {
    let (page, runtime) = (read("docs/reference/limits.md"), runtime());
    let (_, builder) = runtime.split_once("\nimpl Builder {").unwrap();
    let (builder, _) = builder.split_once("\n}\n").unwrap();
    let settings = quoted(builder, "    pub fn ", "(mut self");
    assert!(settings.len() >= 15, "{settings:?}");
    for setting in settings {
        let is_named = page.contains(&format!("`{setting}`"));
        assert!(
            is_named,
            "the page of the limits does not name the setting `{setting}`"
        );
    }
}
