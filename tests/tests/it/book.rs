//! The book in `docs/` is whole: each page is in the contents and has its code run, and each link leads somewhere.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// The files of a folder that end so, by their path in the workspace, as deep as said.
fn files(folder: &str, end: &str, depth: usize) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for entry in fs::read_dir(workspace().join(folder)).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let path = match folder {
            "" => name,
            _ => format!("{folder}/{name}"),
        };
        if entry.path().is_dir() {
            if depth > 0 {
                all.append(&mut files(&path, end, depth - 1));
            }
        } else if path.ends_with(end) {
            all.insert(path);
        }
    }
    all
}

/// What has to be whole: all of the book, and what lies beside the crates.
fn pages() -> BTreeSet<String> {
    let mut all = files("docs", ".md", 3);
    all.append(&mut files("", ".md", 0));
    all
}

fn read(path: &str) -> String {
    fs::read_to_string(workspace().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The lines of a page that are no code, with their numbers.
fn prose(page: &str) -> Vec<(usize, &str)> {
    let mut is_code = false;
    let mut lines = Vec::new();
    for (number, line) in page.lines().enumerate() {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        if !is_code && !is_fence {
            lines.push((number + 1, line));
        }
    }
    lines
}

/// Where the links and pictures of a page lead, with the numbers of their lines.
fn links(page: &str) -> Vec<(usize, String)> {
    let mut all = Vec::new();
    for (number, line) in prose(page) {
        // What is quoted is no link.
        let unquoted: String = line.split('`').step_by(2).collect();
        for (before, after) in [("](", ')'), ("src=\"", '"'), ("href=\"", '"')] {
            let ends = unquoted.split(before).skip(1);
            let links = ends.filter_map(|rest| rest.split_once(after));
            all.extend(links.map(|(link, _)| (number, link.to_owned())));
        }
    }
    all
}

/// The names by which a link finds a heading of a page, as mdBook and forges make them.
fn anchors(page: &str) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for (_, line) in prose(page) {
        let title = line.trim_start_matches('#');
        if title.len() == line.len() || !title.starts_with(' ') {
            continue;
        }
        let mut anchor = String::new();
        for letter in title.trim().chars().flat_map(char::to_lowercase) {
            match letter {
                '-' | '_' => anchor.push(letter),
                letter if letter.is_alphanumeric() => anchor.push(letter),
                letter if letter.is_whitespace() => anchor.push('-'),
                _ => {}
            }
        }
        let further = (1..).map(|number| format!("{anchor}-{number}"));
        let mut names = std::iter::once(anchor.clone()).chain(further);
        all.insert(names.find(|name| !all.contains(name)).unwrap());
    }
    all
}

/// The path in the workspace that a link of a page names.
fn followed(page: &str, link: &str) -> String {
    let path = Path::new(page).parent().unwrap().join(link);
    let mut parts = Vec::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(parts.pop()),
            part => parts.push(part.as_os_str().to_str().unwrap()),
        }
    }
    parts.join("/")
}

/// Why a link leads nowhere.
fn dead(page: &str, link: &str) -> Option<&'static str> {
    if ["https://", "http://", "mailto:"]
        .iter()
        .any(|scheme| link.starts_with(scheme))
    {
        return None;
    }
    let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
    let file = match path {
        "" => page.to_owned(),
        path => followed(page, path),
    };
    if !workspace().join(&file).exists() {
        return Some("there is no such file");
    }
    if !anchor.is_empty() && !anchors(&read(&file)).contains(anchor) {
        return Some("there is no such heading");
    }
    // mdBook takes every page for one of its own.
    if page.starts_with("docs/") && file.ends_with(".md") && !file.starts_with("docs/") {
        return Some("it is no page of the book");
    }
    None
}

#[test]
fn each_page_of_the_book_is_in_its_contents_once() {
    let summary = read("docs/SUMMARY.md");
    let listed: Vec<_> = links(&summary)
        .into_iter()
        .map(|(_, link)| format!("docs/{link}"))
        .collect();
    let mut there = files("docs", ".md", 3);
    there.remove("docs/SUMMARY.md");
    assert_eq!(BTreeSet::from_iter(listed.clone()), there);
    assert_eq!(listed.len(), there.len(), "a page is listed twice");
    assert!(there.len() > 20, "{there:?}");
}

#[test]
fn the_contents_call_each_page_by_its_title() {
    let summary = read("docs/SUMMARY.md");
    for line in summary.lines() {
        let Some((title, path)) = line
            .trim_start_matches([' ', '-'])
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(')')?.split_once("]("))
        else {
            continue;
        };
        let page = read(&format!("docs/{path}"));
        let own = page.lines().next().unwrap_or_default();
        if path != "introduction.md" {
            assert_eq!(own, format!("# {title}"), "{path}");
        }
    }
}

#[test]
fn the_code_of_each_page_is_compiled() {
    let doctests = read("tests/src/book.rs");
    for path in pages() {
        let page = read(&path);
        for (number, line) in page.lines().enumerate() {
            let is_left_out = line.starts_with("```") && line.contains("ignore");
            assert!(!is_left_out, "{path}:{}: it is not compiled", number + 1);
        }
        let has_code = page.lines().any(|line| line.starts_with("```rust"));
        let has_to_be_there = has_code || (path.starts_with("docs/") && path != "docs/SUMMARY.md");
        assert!(
            !has_to_be_there || doctests.contains(&format!(": \"{path}\",")),
            "tests/src/book.rs does not list {path}"
        );
    }
}

#[test]
fn each_link_leads_somewhere() {
    let mut wrong = Vec::new();
    let mut found = 0;
    for path in pages() {
        for (number, link) in links(&read(&path)) {
            found += 1;
            if let Some(why) = dead(&path, &link) {
                wrong.push(format!("{path}:{number}: `{link}`: {why}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(found > 100, "{found}");
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let page = "docs/introduction.md";
    for link in [
        "how-to/nothing.md",
        "how-to/logs.md#nothing",
        "#nothing",
        "../README.md",
    ] {
        assert!(dead(page, link).is_some(), "{link}");
    }
    for link in [
        "how-to/logs.md#logs",
        "#words",
        "../examples/src/lib.rs",
        "https://rship.io",
    ] {
        assert_eq!(dead(page, link), None, "{link}");
    }
    let text =
        "# A `b` c\n```sh\n# no\n[a](b)\n```\n[x](y.md#z) `[a](b)` <img src=\"p.png\">\n# A b, c\n";
    assert_eq!(
        links(text),
        [(6, "y.md#z".to_owned()), (6, "p.png".to_owned())]
    );
    assert_eq!(Vec::from_iter(anchors(text)), ["a-b-c", "a-b-c-1"]);
}
