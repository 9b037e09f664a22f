//! `rship-dev new`, run as a user runs it. What it writes is also a member of the workspace, `tests/new-device`, and
//! so built, linted and tested with all else.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;
use tokio::process::Command;

use crate::cli::{command, failure, run, stdout};
use crate::peer::within;

/// A folder of its own, which is gone with this.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("rship-{}", uuid::Uuid::new_v4()));
        fs::create_dir(&folder).expect("a folder");
        Self(folder)
    }

    fn path(&self, below: &str) -> String {
        self.0.join(below).to_str().expect("text").to_owned()
    }

    /// Makes a package of this name in it, of the checkout that this test is in.
    async fn make(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        let made = run(&["new", name, "--path", &path, "--rship", &workspace()]).await;
        let said = stdout(&made);
        assert!(said.starts_with(&format!("made {path}: ")), "{said}");
        path.into()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

fn workspace() -> String {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    own.and_then(Path::to_str).expect("text").to_owned()
}

/// Runs cargo in a package, which has to end well, and gives what it printed.
fn cargo(package: &Path, arguments: &[&str]) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .args(arguments)
        .current_dir(package)
        .env_remove("RUSTFLAGS")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    cargo
}

async fn done(mut cargo: Command) -> String {
    let ran = within("end of cargo", cargo.output()).await;
    let ran = ran.expect("a process");
    assert!(ran.status.success(), "{ran:?}");
    String::from_utf8(ran.stdout).expect("text")
}

#[tokio::test]
async fn a_new_package_is_one_to_cargo_formatted_and_has_its_name_everywhere() {
    let folder = Folder::new();
    // The longest, the shortest, and one that stands behind those of the libraries.
    let longest = "an-array-of-forty-lamps-in-a-row-of-four";
    for (name, title) in [
        (longest, "An array of forty lamps in a row of four"),
        ("x", "X"),
        ("zebra-cage", "Zebra cage"),
    ] {
        let package = folder.make(name).await;
        done(cargo(&package, &["fmt", "--check"])).await;
        let known = ["metadata", "--no-deps", "--offline", "--format-version=1"];
        let known: Value =
            serde_json::from_str(&done(cargo(&package, &known)).await).expect("JSON");
        let known = &known["packages"][0];
        assert_eq!(known["name"], name);
        let all = known["dependencies"].as_array().expect("dependencies");
        let path = |wanted: &str| {
            let found = all.iter().find(|one| one["name"] == wanted);
            PathBuf::from(found.expect(wanted)["path"].as_str().expect("a path"))
        };
        for wanted in ["rship-runtime", "rship-dev"] {
            assert_eq!(path(wanted), Path::new(&workspace()).join(wanted));
        }
        let source = fs::read_to_string(package.join("src/lib.rs")).expect("a file");
        assert!(
            source.contains(&format!("ID: &str = {name:?};")),
            "{source}"
        );
        assert!(source.contains(&format!("name = {title:?}")), "{source}");
        for file in [
            "Cargo.toml",
            ".gitignore",
            "src/lib.rs",
            "src/main.rs",
            "tests/show.rs",
        ]
        .iter()
        .chain(&["device.manifest.json", "README.md", "AGENTS.md"])
        {
            let text = fs::read_to_string(package.join(file))
                .expect(file)
                .to_lowercase();
            for left in ["new-device", "new_device", "new device", "{{", "\r"] {
                assert!(!text.contains(left), "{file} of {name} has {left:?}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_there_is_left_alone() {
    let folder = Folder::new();
    let own = folder.0.join("own.txt");
    fs::write(&own, "mine").expect("a file");
    let said = failure(&run(&["new", "lamp", "--path", &folder.path("")]).await);
    assert!(said.contains("is not empty"), "{said}");
    let said = failure(&run(&["new", "lamp", "--path", &folder.path("own.txt")]).await);
    assert!(said.contains("own.txt is not a folder"), "{said}");
    assert_eq!(fs::read_to_string(&own).expect("a file"), "mine");
    assert_eq!(fs::read_dir(&folder.0).expect("a folder").count(), 1);
    fs::remove_file(own).expect("a file");
    // An empty one is taken.
    let made = run(&[
        "new",
        "lamp",
        "--path",
        &folder.path(""),
        "--rship",
        &workspace(),
    ])
    .await;
    stdout(&made);
    assert!(folder.0.join("src/main.rs").is_file());
}

#[tokio::test]
async fn what_cannot_be_made_is_refused_with_what_to_do() {
    let folder = Folder::new();
    let path = folder.path("new");
    for (arguments, words) in [
        (&["new", "DeskLamp"][..], "try `desk-lamp`"),
        (&["new", "test"], "try `test-device`"),
        (&["new", "devices/lamp"], "--path devices/lamp"),
        (
            &["new", "lamp", "--rship", "/nowhere"],
            "there is no rship in /nowhere",
        ),
    ] {
        let arguments = [arguments, &["--path", &path]].concat();
        let said = failure(&run(&arguments).await);
        assert!(said.contains(words), "{said}");
        assert!(!Path::new(&path).exists());
    }
}

#[tokio::test]
async fn inside_of_a_workspace_it_stands_alone_and_says_how_it_would_not() {
    let folder = Folder::new();
    fs::write(folder.0.join("Cargo.toml"), "[workspace]\nmembers = []\n").expect("a file");
    let path = folder.path("devices/lamp");
    let made = run(&["new", "lamp", "--path", &path, "--rship", &workspace()]).await;
    let said = String::from_utf8_lossy(&made.stderr);
    assert!(
        said.contains("is a workspace of its own") && said.contains("`members`"),
        "{said}"
    );
    let known = ["metadata", "--no-deps", "--offline", "--format-version=1"];
    let known: Value =
        serde_json::from_str(&done(cargo(Path::new(&path), &known)).await).expect("JSON");
    assert_eq!(known["packages"][0]["name"], "lamp");
}

#[tokio::test]
async fn the_document_says_what_was_made_and_what_is_next() {
    let folder = Folder::new();
    let path = folder.path("lamp");
    let mut made = command(&[
        "new",
        "lamp",
        "--path",
        &path,
        "--rship",
        &workspace(),
        "--json",
    ]);
    // As in the shell of somebody who installed it.
    made.env_remove("CARGO_MANIFEST_DIR");
    let made = within("end of the command", made.output()).await;
    let made: Value = serde_json::from_str(&stdout(&made.expect("a process"))).expect("JSON");
    assert_eq!(
        (&made["kind"], &made["name"]),
        (&"created".into(), &"lamp".into())
    );
    assert_eq!(made["folder"], path);
    assert_eq!(made["next"][0], "rship-dev serve");
    assert_eq!(made["next"].as_array().expect("commands").len(), 4);
    for file in made["files"].as_array().expect("files") {
        let file = file.as_str().expect("a path");
        assert!(Path::new(&path).join(file).is_file(), "{file}");
    }
}

#[test]
fn the_manifest_that_is_written_is_that_of_the_device_in_the_workspace() {
    let file = |path: &str| fs::read_to_string(format!("{}/{path}", workspace())).expect(path);
    let template = "rship-dev/src/new/template/device.manifest.json";
    let tested = "tests/new-device/device.manifest.json";
    assert!(
        file(template) == file(tested),
        "copy {tested} to {template}"
    );
}

/// With nothing of the workspace's but its versions.
#[tokio::test]
#[ignore = "builds all that a device needs anew, which takes minutes"]
async fn a_new_package_builds_alone_passes_its_tests_and_lints_and_every_server_takes_it() {
    let folder = Folder::new();
    let package = folder.make("desk-lamp").await;
    let lock = Path::new(&workspace()).join("Cargo.lock");
    fs::copy(lock, package.join("Cargo.lock")).expect("a file");
    for arguments in [
        &[
            "clippy",
            "--offline",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ][..],
        &["test", "--offline"],
    ] {
        let mut cargo = cargo(&package, arguments);
        cargo.env("CARGO_TARGET_DIR", folder.path("target"));
        let status = cargo.status().await.expect("a process");
        assert!(status.success(), "{arguments:?}");
    }
    let mut manifest = cargo(
        &package,
        &["run", "--offline", "--quiet", "--", "--manifest"],
    );
    manifest.env("CARGO_TARGET_DIR", folder.path("target"));
    let manifest = manifest.output().await.expect("a process").stdout;
    let file = folder.path("manifest.json");
    fs::write(&file, manifest).expect("a file");
    stdout(&run(&["check", &file]).await);
}
