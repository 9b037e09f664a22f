//! The page of all errors names each text that the sources can say, and none that they cannot.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const PAGE: &str = "docs/reference/errors.md";

/// The sources of what a user runs.
const CRATES: [&str; 3] = ["rship-core/src", "rship-runtime/src", "rship-dev/src"];

/// Where the log is spoken to.
const WARNINGS: [&str; 3] = [".warn(Topic::", "warn!(", "alert("];

/// Files whose texts of four words and more are for people, wherever in them they are: answers to commands, what is
/// wrong with a setting, what the command line and the core say.
const SPEAKING: [&str; 33] = [
    "rship-dev/src/manifest.rs",
    "rship-dev/src/cli/call.rs",
    "rship-dev/src/cli/client.rs",
    "rship-dev/src/cli/file.rs",
    "rship-dev/src/cli/ls.rs",
    "rship-dev/src/cli/mod.rs",
    "rship-dev/src/reading/entities.rs",
    "rship-dev/src/reading/fields.rs",
    "rship-dev/src/reading/filter.rs",
    "rship-dev/src/reading/frames.rs",
    "rship-dev/src/reading/schema.rs",
    "rship-dev/src/server/opening.rs",
    "rship-dev/src/server/receive.rs",
    "rship-dev/src/server/routing.rs",
    "rship-dev/src/server/session.rs",
    "rship-dev/src/server/state.rs",
    "rship-dev/src/server/visit.rs",
    "rship-dev/src/server/watching.rs",
    "rship-runtime/src/access.rs",
    "rship-runtime/src/address.rs",
    "rship-runtime/src/environment.rs",
    "rship-runtime/src/tls.rs",
    "rship-runtime/src/token.rs",
    "rship-runtime/src/api/sub_target.rs",
    "rship-runtime/src/command/outgoing.rs",
    "rship-runtime/src/command/reply.rs",
    "rship-runtime/src/command/route.rs",
    "rship-runtime/src/session/certificates.rs",
    "rship-runtime/src/session/refusal.rs",
    "rship-runtime/src/target/long.rs",
    "rship-runtime/src/target/mailbox.rs",
    "rship-runtime/src/target/pool.rs",
    "rship-runtime/src/target/watch.rs",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// All Rust files of a folder that are not tests, with their paths from the root.
fn sources(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root().join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let path = folder.join(entry.file_name());
            let name = entry.file_name().into_string().unwrap();
            if entry.file_type().unwrap().is_dir() {
                if name != "tests" {
                    folders.push(path);
                }
            } else if name.ends_with(".rs") && !name.ends_with("tests.rs") {
                found.push((path.to_str().unwrap().replace('\\', "/"), read(&path)));
            }
        }
    }
    found
}

/// A source taken apart: its code, with blanks where comments and texts are, and the texts with their places.
struct Source {
    code: String,
    texts: Vec<(usize, String)>,
}

impl Source {
    fn new(source: &str) -> Self {
        // What is only for tests comes last.
        let source = source
            .split("#[cfg(test)]\nmod ")
            .next()
            .unwrap_or_default();
        let mut code = String::with_capacity(source.len());
        let mut texts = Vec::new();
        let mut rest = source;
        while let Some(first) = rest.chars().next() {
            let length = if rest.starts_with("//") {
                rest.find('\n').unwrap_or(rest.len())
            } else if let Some(raw) = raw_text(rest) {
                raw
            } else if first == '"' {
                let (text, length) = text(rest);
                texts.push((code.len(), text));
                length
            } else if let Some(length) = character(rest) {
                length
            } else {
                code.push(first);
                rest = &rest[first.len_utf8()..];
                continue;
            };
            // As long as it was, so that places are the same in both.
            code.extend(std::iter::repeat_n(' ', length));
            rest = &rest[length..];
        }
        Self { code, texts }
    }

    /// The texts between the parentheses that this ends with or has in it, wherever it is.
    fn inside<'s>(&'s self, opening: &'s str) -> impl Iterator<Item = &'s str> + 's {
        let found = self.code.match_indices(opening);
        found.flat_map(move |(at, _)| {
            let begin = at + opening.find('(').unwrap();
            let mut depth = 0_usize;
            let length = self.code[begin..].find(|c| {
                depth = match c {
                    '(' => depth + 1,
                    ')' => depth - 1,
                    _ => depth,
                };
                depth == 0
            });
            let end = begin + length.expect("each parenthesis is closed");
            let between = move |(place, _): &&(usize, String)| (begin..end).contains(place);
            self.texts.iter().filter(between).map(|(_, text)| &**text)
        })
    }
}

/// The length of a raw text that begins here.
fn raw_text(rest: &str) -> Option<usize> {
    let hashes = rest.strip_prefix('r')?;
    let count = hashes.len() - hashes.trim_start_matches('#').len();
    let text = hashes[count..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(count));
    Some(1 + count + 1 + text.find(&end)? + end.len())
}

/// The length of a character that begins here; a lifetime is none.
fn character(rest: &str) -> Option<usize> {
    let inside = rest.strip_prefix('\'')?;
    let begin = if inside.starts_with('\\') { 2 } else { 0 };
    let first = inside
        .get(begin..)?
        .chars()
        .next()
        .unwrap_or(' ')
        .len_utf8();
    let end = match begin {
        0 => (inside[first..].starts_with('\'')).then_some(first)?,
        _ => begin + inside[begin..].find('\'')?,
    };
    Some(1 + end + 1)
}

/// The text that begins here, as it was meant, and its length as it is written.
fn text(rest: &str) -> (String, usize) {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (text, at + 1),
            '\\' => match chars.next() {
                Some((_, '\n')) => while chars.next_if(|(_, c)| c.is_whitespace()).is_some() {},
                Some((_, 'n')) => text.push('\n'),
                Some((_, other)) => text.push(other),
                None => break,
            },
            c => text.push(c),
        }
    }
    panic!("a text has no end: {rest:.100}");
}

/// What of a text is on the page: its first line, with `..` for whatever is put into it.
fn words(text: &str) -> String {
    let text = text.replace("{{", "\u{1}").replace("}}", "\u{2}");
    let mut words = String::new();
    for (index, part) in text.split('{').enumerate() {
        match part.split_once('}') {
            Some((_, rest)) if index > 0 => {
                words.push_str("..");
                words.push_str(rest);
            }
            _ => words.push_str(part),
        }
    }
    let words = words.replace('\u{1}', "{").replace('\u{2}', "}");
    words.lines().next().unwrap_or_default().trim().to_owned()
}

/// Whether there is something in it to search for.
fn says_something(words: &str, at_least: usize) -> bool {
    let real = |word: &&str| word.chars().any(char::is_alphabetic);
    words.split_whitespace().filter(real).count() >= at_least
}

#[test]
fn the_page_of_errors_tells_of_each_text_that_an_error_or_a_warning_has() {
    let page = read(PAGE);
    let mut wanted = BTreeSet::new();
    for (path, source) in CRATES.iter().flat_map(|folder| sources(folder)) {
        let source = Source::new(&source);
        let mut want = |text: &str, at_least| {
            let words = words(text);
            if says_something(&words, at_least) {
                wanted.insert((path.clone(), words));
            }
        };
        source.inside("#[error(").for_each(|text| want(text, 2));
        for opening in WARNINGS {
            source.inside(opening).for_each(|text| want(text, 2));
        }
        if SPEAKING.contains(&&*path) {
            let unsaid: BTreeSet<_> = ["info!(", "debug!("]
                .into_iter()
                .flat_map(|opening| source.inside(opening))
                .collect();
            let said = source.texts.iter().map(|(_, text)| &**text);
            said.filter(|text| !unsaid.contains(text))
                .for_each(|text| want(text, 4));
        }
    }
    assert!(wanted.len() > 200, "{} texts were found", wanted.len());
    for path in SPEAKING {
        assert!(
            wanted.iter().any(|(of, _)| of == path),
            "{path} says nothing any more: see the list in this test"
        );
    }
    let missing: Vec<_> = wanted
        .iter()
        .filter(|(_, words)| !page.contains(words))
        .map(|(path, words)| format!("  ``{words}``  ({path})"))
        .collect();
    assert!(
        missing.is_empty(),
        "{PAGE} does not tell of these, which a user may see: add a row with what it means and what to do, \
         with `..` for whatever is put into the text:\n{}",
        missing.join("\n")
    );
}

#[test]
fn the_page_of_errors_tells_of_no_text_that_is_not_in_the_sources() {
    let folders = CRATES.iter().chain(&["rship-macros/src"]);
    let mut said = String::new();
    for (_, source) in folders.flat_map(|folder| sources(folder)) {
        for (_, text) in Source::new(&source).texts {
            for line in text.lines() {
                said.push_str(&words(line));
                said.push('\n');
            }
        }
    }
    let page = read(PAGE);
    let rows: Vec<_> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| ``")?.split_once("`` |"))
        .collect();
    assert!(rows.len() > 400, "{} rows were found", rows.len());
    let explains = |said: &str| said.trim_matches([' ', '|']).len() > 2;
    let bare: Vec<_> = rows.iter().filter(|(_, said)| !explains(said)).collect();
    assert!(bare.is_empty(), "{PAGE} says nothing of these: {bare:#?}");
    let rows = rows.iter().map(|(words, _)| words.trim());
    let unknown: Vec<_> = rows
        .filter(|row| {
            let mut parts = row
                .split("..")
                .map(|part| part.trim_matches(&[' ', '`'][..]));
            !parts.all(|part| said.contains(part))
        })
        .collect();
    assert!(
        unknown.is_empty(),
        "{PAGE} tells of these, which nothing says any more: {unknown:#?}"
    );
}
