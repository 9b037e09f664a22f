//! Counts the files of the runtime that a lone command and a lone change of a field enter, with valgrind, and
//! compares them with those that docs/architecture.md names.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use clap::Args;
use rship_examples::load::{Ready, Report};
use rship_runtime::Generation;
use tempfile::TempDir;

use crate::child::Child;
use crate::exchange::Commands;
use crate::load::Load;
use crate::sink::{Keep, Sink};
use crate::{Failure, root};

/// How often each is done: a line that costs fewer instructions does not run each time.
const TIMES: usize = 2_000;

/// What is left out: the counters, and `flush`, by which the device waits until a change is on the wire.
const LEFT_OUT: [&str; 2] = ["metrics.rs", "api/executor.rs"];

/// Where the sources are.
const SOURCES: &str = "rship-runtime/src/";

/// Counts the files that a command and a changed field enter.
#[derive(Args)]
pub(crate) struct Walks;

impl Walks {
    pub(crate) async fn run(&self) -> Result<(), Failure> {
        if !cfg!(debug_assertions) {
            return Err("a release build does not know its lines: run it without --release".into());
        }
        let root = root()?;
        let load = Load::build(&root).await?;
        let map = fs::read_to_string(root.join("docs/architecture.md"))?;
        let mut differ = false;
        let command = command(&load).await?;
        let field = field(&load).await?;
        for (title, profile) in [
            ("## A command, from frame to answer", command),
            ("## A changed field, to the wire", field),
        ] {
            let entered = entered(&profile, &root)?;
            println!("{title}: {} files", entered.len());
            for file in &entered {
                println!("- {file}");
            }
            let named = named(&map, title).ok_or_else(|| format!("no section `{title}`"))?;
            for (what, one, other) in [
                ("entered, and not named", &entered, &named),
                ("named, and not entered", &named, &entered),
            ] {
                for file in one.difference(other) {
                    differ = true;
                    println!("{what} in docs/architecture.md: {file}");
                }
            }
        }
        if differ {
            return Err("docs/architecture.md names other files".into());
        }
        Ok(())
    }
}

/// A load device under valgrind, and where its profile goes.
fn start(load: &Load, sink: &Sink, mode: &[&str], folder: &TempDir) -> Result<Child, Failure> {
    let out = folder.path().join("profile");
    let arguments = [
        "--tool=callgrind".to_owned(),
        "--compress-strings=no".to_owned(),
        "--compress-pos=no".to_owned(),
        format!("--callgrind-out-file={}", out.display()),
        load.program().display().to_string(),
        sink.url()?,
    ];
    let mode = mode.iter().map(|&word| word.to_owned());
    Child::start("valgrind", arguments.into_iter().chain(mode))
}

/// The profile of commands, each of which comes when the one before was answered.
async fn command(load: &Load) -> Result<String, Failure> {
    let (sink, folder) = (Sink::bind(Generation::V2026).await?, TempDir::new()?);
    let mode = ["dispatch", &TIMES.to_string(), "1", "--state"];
    let mut child = start(load, &sink, &mode, &folder)?;
    let mut connection = child.during(sink.accept(Keep::default())).await?;
    let Ready { .. } = child.line().await?;
    let commands = Commands {
        targets: vec!["load".to_owned()],
        action: "level",
        count: TIMES,
        window: 1,
    };
    child.during(connection.carry_out(commands)).await?;
    let Report { .. } = child.line().await?;
    child.end().await?;
    connection.closed().await?;
    Ok(fs::read_to_string(folder.path().join("profile"))?)
}

/// The profile of changes, each of which is on the wire before the next.
async fn field(load: &Load) -> Result<String, Failure> {
    let (sink, folder) = (Sink::bind(Generation::V2026).await?, TempDir::new()?);
    let mode = ["state", "1", &TIMES.to_string(), "--flush"];
    let mut child = start(load, &sink, &mode, &folder)?;
    let connection = child.during(sink.accept(Keep::default())).await?;
    let Report { .. } = child.line().await?;
    child.end().await?;
    connection.closed().await?;
    Ok(fs::read_to_string(folder.path().join("profile"))?)
}

/// The files with a function of more than one expression that ran each time.
fn entered(profile: &str, root: &Path) -> Result<BTreeSet<String>, Failure> {
    let mut entered = BTreeSet::new();
    for (file, lines) in lines_of(profile) {
        if LEFT_OUT.contains(&&*file) {
            continue;
        }
        let source = fs::read_to_string(root.join(SOURCES).join(&file))?;
        let bodies = bodies(&source);
        let runs = |line: usize| {
            // The innermost.
            let body = bodies.iter().rfind(|body| body.has(line));
            body.is_some_and(|body| body.counts)
        };
        let often = lines.iter().filter(|(_, cost)| **cost >= TIMES as u64);
        if often.into_iter().any(|(line, _)| runs(*line)) {
            entered.insert(file);
        }
    }
    Ok(entered)
}

/// What each line of the runtime's files cost by itself, in instructions.
fn lines_of(profile: &str) -> BTreeMap<String, BTreeMap<usize, u64>> {
    let mut all: BTreeMap<String, BTreeMap<usize, u64>> = BTreeMap::new();
    let (mut file, mut is_call) = (None, false);
    for line in profile.lines() {
        let key = line.split_once('=');
        if let Some(("fl" | "fi" | "fe", path)) = key {
            file = path.split_once(SOURCES).map(|(_, name)| name.to_owned());
        } else if let Some(("calls", _)) = key {
            // What is called is counted where it is.
            is_call = true;
        } else if let Some((number, cost)) = line.split_once(' ')
            && let (Ok(number), Ok(cost)) = (number.parse(), cost.parse::<u64>())
            && !std::mem::take(&mut is_call)
            && let Some(file) = &file
        {
            *all.entry(file.clone()).or_default().entry(number).or_default() += cost;
        }
    }
    all
}

/// A function's body, from the line of its `fn` to that of its last brace.
struct Body {
    first: usize,
    last: usize,
    /// Whether it is more than one expression without a block.
    counts: bool,
}

impl Body {
    fn has(&self, line: usize) -> bool {
        (self.first..=self.last).contains(&line)
    }
}

/// The functions of a source as rustfmt leaves it, in their order.
fn bodies(source: &str) -> Vec<Body> {
    let lines: Vec<&str> = source.lines().collect();
    let indent = |line: &str| line.len() - line.trim_start().len();
    let is_function = |line: &str| {
        let words = line.trim_start().split(['(', '<']).next().unwrap_or_default();
        !words.starts_with("//") && words.split(' ').any(|word| word == "fn")
    };
    let mut all = Vec::new();
    for (first, line) in lines.iter().enumerate().filter(|(_, line)| is_function(line)) {
        let own = indent(line);
        let is_end = |line: &&str| indent(line) == own && line.trim() == "}";
        let Some(length) = lines[first..].iter().position(|line| is_end(&line)) else {
            continue;
        };
        let all_lines = &lines[first..first + length];
        let Some(open) = all_lines.iter().position(|line| line.ends_with('{')) else {
            continue;
        };
        let body = &all_lines[open + 1..];
        let begins = |line: &&&str| indent(line) == own + 4 && !line.trim_start().starts_with(['}', ')', ']', '/']);
        let several = body.iter().filter(begins).count() > 1;
        let block = body.iter().any(|line| line.ends_with('{'));
        all.push(Body {
            first: first + 1,
            last: first + length + 1,
            counts: several || block,
        });
    }
    all
}

/// The files that a section of the map names.
fn named(map: &str, title: &str) -> Option<BTreeSet<String>> {
    let (_, section) = map.split_once(title)?;
    let section = section.split("\n## ").next().unwrap_or_default();
    let names = section.split('`').skip(1).step_by(2);
    Some(
        names
            .filter(|name| name.ends_with(".rs"))
            .map(ToOwned::to_owned)
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_of_one_expression_does_not_count() {
        let source = "impl A {\n    fn one(&self) -> u8 {\n        self.a\n            .b()\n    }\n\n    pub(crate) async fn two<T>(\n        a: T,\n    ) -> u8 {\n        let b = a;\n        b.c()\n    }\n\n    fn block(&self) {\n        if self.a {\n            go();\n        }\n    }\n}\n";
        let counts: Vec<_> = bodies(source)
            .iter()
            .map(|body| (body.first, body.last, body.counts))
            .collect();
        assert_eq!(counts, [(2, 5, false), (7, 12, true), (14, 18, true)]);
    }

    #[test]
    fn lines_are_summed_without_what_they_call() {
        let profile = "fl=/w/rship-runtime/src/a/b.rs\nfn=x\n7 10\ncfn=y\ncalls=3 9\n7 1000\n7 5\nfi=/w/rship-core/src/c.rs\n1 2\nfe=/w/rship-runtime/src/a/b.rs\n8 1\n";
        let lines = lines_of(profile);
        assert_eq!(lines["a/b.rs"], BTreeMap::from([(7, 15), (8, 1)]));
        assert_eq!(lines.len(), 1);
    }

    #[test]
    fn files_are_those_that_a_section_names() {
        let map = "## One\n`a/b.rs` and `x`\n1. `c.rs`\n\n## Two\n`d.rs`\n";
        let names = named(map, "## One").unwrap();
        assert_eq!(Vec::from_iter(names), ["a/b.rs", "c.rs"]);
    }
}
