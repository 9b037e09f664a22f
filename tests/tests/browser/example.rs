//! The example that a new user starts first, as a program.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use rship_tests::browser::page;
use rship_tests::{program, within};
use tokio::io::{AsyncBufReadExt as _, BufReader};

use crate::show::row;

/// When the newest file in a folder was changed.
fn newest(folder: &Path) -> SystemTime {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let times = entries.map(|path| match path.is_dir() {
        true => newest(&path),
        false => fs::metadata(&path).unwrap().modified().unwrap(),
    });
    times.max().unwrap_or(SystemTime::UNIX_EPOCH)
}

/// The program, built unless it is there and not older than the page: tests are not built with it.
fn sysmon() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    // As in target/debug/deps/browser-0123.
    let folder = tests.ancestors().nth(2).unwrap();
    let sysmon = folder.join("sysmon");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let sources = ["rship-dev/src", "rship-dev/page", "examples/src"];
    let changed = sources
        .map(|folder| newest(&root.join(folder)))
        .into_iter()
        .max();
    let built = fs::metadata(&sysmon).and_then(|file| file.modified()).ok();
    if built < changed {
        let mut build = Command::new(env!("CARGO"));
        build
            .args(["build", "-p", "rship-examples", "--bin", "sysmon"])
            .current_dir(root);
        if folder.ends_with("release") {
            build.arg("--release");
        }
        assert!(build.status().unwrap().success(), "sysmon cannot be built");
    }
    sysmon
}

#[tokio::test]
async fn sysmon_is_looked_at_by_what_it_prints_and_changed() {
    let Some(page) = page().await else { return };
    let sysmon = tokio::task::spawn_blocking(sysmon).await.unwrap();
    let mut child = program(sysmon.to_str().unwrap(), &[]).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let address = within("the page's address", async {
        loop {
            let line = lines.next_line().await.unwrap().expect("it goes on");
            if let Some(at) = line.find("http://") {
                return line[at..].split_whitespace().next().unwrap().to_owned();
            }
        }
    })
    .await;
    // What it prints from now on is read, or it would wait.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    page.open(&address).await;
    row(&page, "System monitor").click().await;
    let form = page.by("form", "Set interval");
    form.by("spinbutton", "milliseconds").fill("250").await;
    form.by("button", "Send").click().await;
    row(&page, "Interval")
        .wait("changed", |row| row.description.contains("250"))
        .await;
    row(&page, "Cpu")
        .wait("there", |row| !row.description.is_empty())
        .await;
    page.clean();
    child.kill().await.unwrap();
}
