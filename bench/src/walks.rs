//! Counts the files of the runtime that a lone command and a lone change of a field enter, with valgrind, and
//! compares them with those that docs/explanation/architecture.md names.

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

/// How often each is done.
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
        let map = fs::read_to_string(root.join("docs/explanation/architecture.md"))?;
        let mut differ = false;
        let command = command(&load).await?;
        let field = field(&load).await?;
        for (title, profile) in [
            ("## A command, from frame to answer", command),
            ("## A changed field, to the wire", field),
        ] {
            let entered = entered(&profile, &root)?;
            println!("{title}: {} files", entered.len());
            for (file, functions) in &entered {
                let functions: Vec<_> = functions.iter().map(|name| &**name).collect();
                println!("- {file}: {}", functions.join(", "));
            }
            let entered: BTreeSet<_> = entered.into_keys().collect();
            let named = named(&map, title).ok_or_else(|| format!("no section `{title}`"))?;
            for (what, one, other) in [
                ("entered, and not named", &entered, &named),
                ("named, and not entered", &named, &entered),
            ] {
                for file in one.difference(other) {
                    differ = true;
                    println!("{what} in docs/explanation/architecture.md: {file}");
                }
            }
        }
        if differ {
            return Err("docs/explanation/architecture.md names other files".into());
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

/// The files with functions of more than one expression that are entered each time, or nearly so: what comes
/// at the same moment may be done in one go.
fn entered(profile: &str, root: &Path) -> Result<BTreeMap<String, BTreeSet<String>>, Failure> {
    let mut entered: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    for (file, calls) in calls(profile) {
        if LEFT_OUT.contains(&&*file) {
            continue;
        }
        let source = fs::read_to_string(root.join(SOURCES).join(&file))?;
        let bodies = bodies(&source);
        for (line, times) in calls {
            // The innermost.
            let body = bodies.iter().rfind(|body| body.has(line));
            if let Some(body) = body.filter(|body| body.counts && times >= TIMES / 2) {
                let functions = entered.entry(file.clone()).or_default();
                functions.insert(body.name.clone());
            }
        }
    }
    Ok(entered)
}

/// How often what begins in each line of the runtime's files was called. Without optimization, each call
/// is one.
fn calls(profile: &str) -> BTreeMap<String, BTreeMap<usize, usize>> {
    let mut all: BTreeMap<String, BTreeMap<usize, usize>> = BTreeMap::new();
    let own = |path: &str| path.split_once(SOURCES).map(|(_, name)| name.to_owned());
    let (mut file, mut called) = (None, None);
    for line in profile.lines() {
        match line.split_once('=') {
            Some(("fl", path)) => file = own(path),
            Some(("cfi" | "cfl", path)) => called = Some(own(path)),
            Some(("calls", numbers)) => {
                let numbers: Vec<_> = numbers.split(' ').flat_map(str::parse).collect();
                if let Some(file) = called.take().unwrap_or_else(|| file.clone())
                    && let [times, line] = numbers[..]
                {
                    *all.entry(file).or_default().entry(line).or_default() += times;
                }
            }
            _ => {}
        }
    }
    all
}

/// A function's body, from the line of its `fn` to that of its last brace.
struct Body {
    name: String,
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
        let mut words = line.split_whitespace();
        !line.trim_start().starts_with("//") && words.any(|word| word == "fn")
    };
    let mut all = Vec::new();
    for (first, line) in lines
        .iter()
        .enumerate()
        .filter(|(_, line)| is_function(line))
    {
        let own = indent(line);
        let is_end = |line: &&str| indent(line) == own && line.trim() == "}";
        let Some(length) = lines[first..].iter().position(is_end) else {
            continue;
        };
        let all_lines = &lines[first..first + length];
        let Some(open) = all_lines.iter().position(|line| line.ends_with('{')) else {
            continue;
        };
        let body = &all_lines[open + 1..];
        let begins = |line: &&&str| {
            indent(line) == own + 4 && !line.trim_start().starts_with(['}', ')', ']', '/'])
        };
        let several = body.iter().filter(begins).count() > 1;
        let block = body.iter().any(|line| line.ends_with('{'));
        let name = line.split("fn ").nth(1).unwrap_or_default();
        let end = name.find(['(', '<']).unwrap_or(name.len());
        all.push(Body {
            name: name[..end].to_owned(),
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
        let bodies = bodies(source);
        let counts: Vec<_> = bodies
            .iter()
            .map(|body| (&*body.name, body.first, body.last, body.counts))
            .collect();
        let expected = [
            ("one", 2, 5, false),
            ("two", 7, 12, true),
            ("block", 14, 18, true),
        ];
        assert_eq!(counts, expected);
    }

    #[test]
    fn calls_are_summed_by_where_the_called_begins() {
        let profile = "fl=/w/rship-runtime/src/a/b.rs\nfn=x\n7 10\ncfi=/w/rship-runtime/src/c.rs\ncfn=y\ncalls=3 9\n\
                       7 1000\ncfn=z\ncalls=4 20\n8 5\nfl=/w/rship-core/src/d.rs\ncfi=/w/rship-runtime/src/c.rs\n\
                       cfn=y\ncalls=2 9\n1 1\ncfn=w\ncalls=9 9\n1 1\n";
        let calls = calls(profile);
        assert_eq!(calls["c.rs"], BTreeMap::from([(9, 5)]));
        assert_eq!(calls["a/b.rs"], BTreeMap::from([(20, 4)]));
        assert_eq!(calls.len(), 2);
    }

    #[test]
    fn files_are_those_that_a_section_names() {
        let map = "## One\n`a/b.rs` and `x`\n1. `c.rs`\n\n## Two\n`d.rs`\n";
        let names = named(map, "## One").unwrap();
        assert_eq!(Vec::from_iter(names), ["a/b.rs", "c.rs"]);
    }
}
