//! The examples, as programs.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use tokio::process::Command;

use crate::program;

/// What an example is made of.
const SOURCES: [&str; 6] = [
    "rship-core/src",
    "rship-macros/src",
    "rship-runtime/src",
    "rship-dev/src",
    "rship-dev/page",
    "examples/src",
];

/// One build at a time.
static BUILD: Mutex<()> = Mutex::new(());

/// An example as a [`program`], built unless it is there and newer than its sources: tests are not built with it.
///
/// # Panics
/// When it cannot be built.
pub async fn example(name: &'static str, arguments: &[&str]) -> Command {
    let built = tokio::task::spawn_blocking(move || built(name)).await;
    let path = built.expect("no panic");
    program(path.to_str().expect("a path that is text"), arguments)
}

fn built(name: &str) -> PathBuf {
    let _one = BUILD.lock().unwrap_or_else(PoisonError::into_inner);
    let tests = std::env::current_exe().expect("this program");
    // As in target/debug/deps/it-0123.
    let folder = tests.ancestors().nth(2).expect("a target folder");
    let program = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace");
    let changed = SOURCES.map(|source| newest(&root.join(source)));
    let there = fs::metadata(&program).and_then(|file| file.modified()).ok();
    if there < changed.into_iter().max() {
        let mut build = std::process::Command::new(env!("CARGO"));
        build
            .args(["build", "--quiet", "-p", "rship-examples", "--bins"])
            .current_dir(root);
        if folder.ends_with("release") {
            build.arg("--release");
        }
        let status = build.status().expect("cargo");
        assert!(status.success(), "the examples cannot be built");
    }
    program
}

/// When the newest file in a folder was changed.
fn newest(folder: &Path) -> SystemTime {
    let entries = fs::read_dir(folder).expect("a folder of sources");
    let times = entries.map(|entry| {
        let path = entry.expect("a source").path();
        match path.is_dir() {
            true => newest(&path),
            false => fs::metadata(&path)
                .and_then(|file| file.modified())
                .expect("a time"),
        }
    });
    times.max().unwrap_or(SystemTime::UNIX_EPOCH)
}
