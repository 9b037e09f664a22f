//! The layout that docs/explanation/architecture.md draws: arrows between the rooms of the runtime go one way. A room
//! is a folder of rship-runtime/src; its root files are below all rooms.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Each room may use those after it.
const ROOMS: [&str; 5] = ["api", "session", "command", "target", "outbox"];

/// They only name what the others have.
const FACADES: [&str; 2] = ["lib.rs", "prelude.rs"];

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All Rust files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            all.push(path);
        }
    }
    all
}

/// A source without its comments.
fn code(source: &str) -> String {
    let lines = source.lines();
    let code = lines.map(|line| line.split("//").next().unwrap_or_default());
    code.collect::<Vec<_>>().join("\n")
}

/// The names that paths begin with, from the crate's root or from a module above.
fn firsts(code: &str) -> Vec<String> {
    let mut all = Vec::new();
    for root in ["crate::", "super::"] {
        for (at, _) in code.match_indices(root) {
            let inside_a_name = code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            let rest = &code[at + root.len()..];
            if !inside_a_name && !rest.starts_with("super::") {
                all.extend(heads(rest).into_iter().map(|name| (root, name)));
            }
        }
    }
    // What a module above has of its own is no business of other rooms.
    all.retain(|(root, name)| *root == "crate::" || ROOMS.contains(&&**name));
    all.into_iter().map(|(_, name)| name).collect()
}

/// The first names of a path, or of each path in braces.
fn heads(path: &str) -> Vec<String> {
    let name = |text: &str| {
        let text = text.trim_start();
        let end = text.find(|c: char| !c.is_alphanumeric() && c != '_');
        text[..end.unwrap_or(text.len())].to_owned()
    };
    let Some(group) = path.strip_prefix('{') else {
        return vec![name(path)];
    };
    let (mut all, mut depth) = (vec![name(group)], 1);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => break,
            '}' => depth -= 1,
            ',' if depth == 1 => all.push(name(&group[at + 1..])),
            _ => {}
        }
    }
    all.retain(|name| !name.is_empty());
    all
}

/// What each file of the runtime uses, by its path below src.
fn uses() -> BTreeMap<String, Vec<String>> {
    let source = workspace().join("rship-runtime/src");
    let used = files(&source).into_iter().map(|path| {
        let name = path.strip_prefix(&source).unwrap();
        let name = name.to_string_lossy().replace('\\', "/");
        (name, firsts(&code(&fs::read_to_string(path).unwrap())))
    });
    used.filter(|(name, _)| !FACADES.contains(&&**name))
        .collect()
}

#[test]
fn the_rooms_of_the_runtime_use_each_other_in_one_direction() {
    let uses = uses();
    let is_root_file = |name: &str| uses.contains_key(&format!("{name}.rs"));
    let (mut wrong, mut arrows) = (Vec::new(), Vec::new());
    for (file, names) in &uses {
        let room = file.split_once('/').map(|(room, _)| room);
        let place = room.map(|room| ROOMS.iter().position(|known| *known == room));
        for name in names {
            let used = ROOMS.iter().position(|known| known == name);
            match (place, used) {
                (Some(None), _) => {
                    wrong.push(format!(
                        "{file} is in a room that has no place in the order"
                    ));
                }
                (_, None) if is_root_file(name) => {}
                (_, None) => {
                    wrong.push(format!("{file} uses `crate::{name}`, which hides its room"));
                }
                (None, Some(_)) => {
                    wrong.push(format!(
                        "{file} is below all rooms, and uses the room `{name}`"
                    ));
                }
                (Some(Some(own)), Some(used)) if own > used => {
                    wrong.push(format!(
                        "{file} uses `{name}`, which stands above its own room"
                    ));
                }
                (Some(Some(own)), Some(used)) => arrows.push((own, used)),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for room in 0..ROOMS.len() - 1 {
        let next = (room, room + 1);
        assert!(arrows.contains(&next), "no arrow {next:?}: is all read?");
    }
}

#[test]
fn paths_are_found_wherever_they_are_written() {
    let source = "use crate::{a::{b, c}, d, e::f};\nuse crate::g; // crate::h\nlet x = crate::i();\nmycrate::j";
    assert_eq!(firsts(&code(source)), ["a", "d", "e", "g", "i"]);
    let source = "use super::super::target::Tree;\nuse super::slots::SlotId;";
    assert_eq!(firsts(&code(source)), ["target"]);
}

#[test]
fn no_source_has_a_word_for_what_has_another() {
    let words = [
        (" is no ", " is not a "),
        ("colour", "color"),
        ("a list of ", "an array of "),
    ];
    let crates = [
        "rship-core",
        "rship-macros",
        "rship-runtime",
        "rship-dev",
        "examples",
    ];
    let mut wrong = Vec::new();
    for path in crates
        .iter()
        .flat_map(|name| files(&workspace().join(name).join("src")))
    {
        let source = fs::read_to_string(&path).unwrap();
        // What tests say wrong, they say on purpose.
        let (source, _) = source.split_once("#[cfg(test)]").unwrap_or((&source, ""));
        for (number, line) in source.lines().enumerate() {
            let text = line
                .replace("there is no ", "")
                .replace(" is no longer ", "");
            for (word, better) in words {
                if !line.trim_start().starts_with("//") && text.contains(word) {
                    let place = format!("{}:{}", path.display(), number + 1);
                    wrong.push(format!("{place}: `{word}`; write `{better}`"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What stands in backticks.
fn named(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

#[test]
fn the_map_names_every_file_of_the_runtime_in_its_room() {
    let map = fs::read_to_string(workspace().join("docs/explanation/architecture.md")).unwrap();
    let rooms: BTreeMap<_, Vec<_>> = map
        .lines()
        .filter_map(|line| {
            let (room, rest) = line.strip_prefix("| ")?.split_once(" | ")?;
            let mut files = named(rest);
            files.retain(|name| name.ends_with(".rs"));
            files.sort_unstable();
            let room = room.trim_matches(['`', '/']);
            (!files.is_empty()).then_some((room, files))
        })
        .collect();
    let source = workspace().join("rship-runtime/src");
    for room in ROOMS.into_iter().chain(["root"]) {
        let folder = source.join(room.trim_start_matches("root"));
        let there = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name());
        let mut there: Vec<_> = there
            .map(|name| name.into_string().unwrap())
            .filter(|name| name.ends_with(".rs"))
            // It lists the others, where it has nothing else.
            .filter(|name| name != "mod.rs" || rooms[room].contains(&"mod.rs"))
            .collect();
        there.sort_unstable();
        assert_eq!(rooms[room], there, "room {room}");
    }
}

#[test]
fn the_page_of_guarantees_names_tests_that_exist() {
    let map = fs::read_to_string(workspace().join("docs/explanation/guarantees.md")).unwrap();
    let tests = workspace().join("tests/tests");
    let mut found = 0;
    let names = map.lines().filter(|line| line.starts_with('|'));
    for (file, test) in names
        .flat_map(named)
        .filter_map(|name| name.split_once("::"))
    {
        let paths = [
            tests.join(format!("it/{file}.rs")),
            tests.join(format!("{file}.rs")),
            workspace().join(format!(
                "rship-dev/tests/it/{}.rs",
                file.trim_start_matches("rship-dev/")
            )),
        ];
        let source = paths
            .iter()
            .find_map(|path| fs::read_to_string(path).ok())
            .unwrap_or_else(|| panic!("no tests `{file}`"));
        let forms = [
            format!("fn {test}()"),
            // One that runs in a process of its own.
            format!("    {test} => "),
        ];
        let there = forms.iter().any(|form| source.contains(form));
        assert!(there, "no test `{file}::{test}`");
        found += 1;
    }
    assert!(found >= 20, "{found}");
}
