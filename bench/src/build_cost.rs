//! What a device costs to build: from nothing, after a change, for each action, and in size.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use std::{env, fs};

use tempfile::TempDir;
use tokio::time::timeout;

use crate::scope::Scope;
use crate::stats::median;
use crate::table::Figure;
use crate::{Failure, cargo};

/// How long one run of cargo may take.
const LIMIT: Duration = Duration::from_secs(900);

const TARGETS: usize = 10;
const ACTIONS: usize = 100;

/// So many actions in one impl cost what as many in small impls do.
const MANY_ACTIONS: usize = 1_200;

/// Measures all of it; a short run only counts the crates, because it has no time to build them.
pub(crate) async fn measure(root: &Path, scope: Scope) -> Result<Vec<Figure>, Failure> {
    let folder = TempDir::new()?;
    let device = Package::new(root, folder.path(), "device", "main.rs", &device(0))?;
    let crates = Figure::new("crates of a device", device.crates().await? as f64, "");
    let crates = crates.at_most(90.0);
    if scope.short {
        return Ok(vec![crates]);
    }
    let whole = device.time(&["build"]).await?;
    let mut again = Vec::new();
    for change in 1..=5 {
        device.write(&self::device(change))?;
        again.push(device.time(&["build"]).await?);
    }
    let release = [
        "build",
        "--release",
        "--config",
        "profile.release.strip=true",
    ];
    let released = device.time(&release).await?;
    let program = format!("target/release/device{}", env::consts::EXE_SUFFIX);
    let size = fs::metadata(folder.path().join(program))?.len();
    let few = Expansion::measure(root, folder.path(), TARGETS, ACTIONS).await?;
    let many = Expansion::measure(root, folder.path(), 1, MANY_ACTIONS).await?;
    Ok(vec![
        Figure::new("build from nothing, crates fetched", whole, "s").at_most(45.0),
        Figure::new("… after a change in one action", median(&again), "s"),
        Figure::new("… release, from nothing", released, "s"),
        few.figure("what an action adds to `cargo check`"),
        many.figure("… with 1,200 of them in one impl").at_most(1.0),
        Figure::new("release binary, stripped", size as f64 / 1e6, "MB").at_most(4.5),
        crates,
    ])
}

/// What actions cost in `cargo check`.
struct Expansion {
    targets: usize,
    actions: usize,
    /// Seconds, with the attributes and without them.
    with: f64,
    without: f64,
}

impl Expansion {
    async fn measure(
        root: &Path,
        folder: &Path,
        targets: usize,
        actions: usize,
    ) -> Result<Self, Failure> {
        let source = |attributes| self::actions(targets, actions, attributes);
        let with = Package::new(root, folder, "actions", "lib.rs", &source(true))?;
        let without = Package::new(root, folder, "methods", "lib.rs", &source(false))?;
        // What both depend on is checked before.
        without.time(&["check"]).await?;
        let mut seconds = (Vec::new(), Vec::new());
        for _ in 0..3 {
            for (package, seconds, attributes) in [
                (&with, &mut seconds.0, true),
                (&without, &mut seconds.1, false),
            ] {
                // A file that was written again is checked again.
                package.write(&source(attributes))?;
                seconds.push(package.time(&["check"]).await?);
            }
        }
        Ok(Self {
            targets,
            actions,
            with: median(&seconds.0),
            without: median(&seconds.1),
        })
    }

    fn figure(&self, name: &'static str) -> Figure {
        let Self {
            targets,
            actions,
            with,
            without,
        } = self;
        let each = (with - without) * 1000.0 / (targets * actions) as f64;
        Figure::new(name, each, "ms").detail(format!(
            "{targets} × {actions} actions: {with:.2} s, plain methods: {without:.2} s"
        ))
    }
}

/// A package outside of the workspace. All share one target folder.
struct Package {
    folder: PathBuf,
    source: PathBuf,
}

impl Package {
    fn new(
        root: &Path,
        parent: &Path,
        name: &str,
        file: &str,
        source: &str,
    ) -> Result<Self, Failure> {
        let folder = parent.join(name);
        fs::create_dir_all(folder.join("src"))?;
        let runtime = root.join("rship-runtime");
        // A path written as Rust writes a string is a string of TOML as well.
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
             [dependencies]\nrship-runtime = {{ path = {runtime:?} }}\n\
             tokio = {{ version = \"1\", features = [\"macros\", \"rt-multi-thread\"] }}\n\n\
             [workspace]\n"
        );
        fs::write(folder.join("Cargo.toml"), manifest)?;
        // The versions that are fetched already.
        fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock"))?;
        let package = Self {
            source: folder.join("src").join(file),
            folder,
        };
        package.write(source)?;
        Ok(package)
    }

    fn write(&self, source: &str) -> Result<(), Failure> {
        Ok(fs::write(&self.source, source)?)
    }

    /// Seconds that cargo takes.
    async fn time(&self, arguments: &[&str]) -> Result<f64, Failure> {
        let begun = Instant::now();
        self.cargo(arguments).await?;
        Ok(begun.elapsed().as_secs_f64())
    }

    /// The crates that are built for it, itself included.
    async fn crates(&self) -> Result<usize, Failure> {
        let arguments = ["tree", "-e", "normal,build", "--prefix", "none"];
        let tree = self.cargo(&arguments).await?;
        let names = tree.lines().map(|line| line.split(" (").next());
        Ok(names.collect::<BTreeSet<_>>().len())
    }

    async fn cargo(&self, arguments: &[&str]) -> Result<String, Failure> {
        let mut command = cargo();
        command
            .args(arguments)
            .args(["--offline", "--quiet"])
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", self.folder.with_file_name("target"))
            // As a user's shell has it, whatever CI sets.
            .env_remove("CARGO_INCREMENTAL")
            .env_remove("RUSTFLAGS")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let what = format!("`cargo {}` of a fresh device", arguments.join(" "));
        let ran = timeout(LIMIT, command.output()).await;
        let ran = ran.map_err(|_| format!("{what} took more than {LIMIT:?}"))??;
        if ran.status.success() {
            return Ok(String::from_utf8_lossy(&ran.stdout).into_owned());
        }
        let said = String::from_utf8_lossy(&ran.stderr);
        Err(format!("{what} failed, does `cargo fetch` help? {said}").into())
    }
}

/// A device; `change` is in one of its actions.
fn device(change: u32) -> String {
    format!(
        "use rship_runtime::prelude::*;

/// A light that can be dimmed.
#[derive(Target)]
struct Lamp {{
    /// Brightness, from 0 to 1.
    #[emitter]
    #[action(min = 0, max = 1)]
    level: f64,
}}

#[actions]
impl Lamp {{
    /// Off if it is on, else on.
    #[action]
    fn toggle(&mut self) -> bool {{
        self.level = if self.level > 0.0 {{ 0.0 }} else {{ 1.0 }};
        self.level > 0.0
    }}

    /// A bit brighter.
    #[action]
    fn brighter(&mut self, by: f64) {{
        self.level = (self.level + by + {change}.0).min(1.0);
    }}
}}

#[tokio::main]
async fn main() -> Result<(), rship_runtime::Error> {{
    let executor = Executor::from_env(\"lamps\")?;
    let lamp = executor.add(\"desk-lamp\", Lamp {{ level: 0.0 }})?;
    lamp.lock().await.level = 0.5;
    executor.run().await
}}
"
    )
}

/// Targets with many actions, or the same structs with the same methods.
fn actions(targets: usize, actions: usize, attributes: bool) -> String {
    let mark = |attribute| if attributes { attribute } else { "" };
    let mut source = mark("use rship_runtime::prelude::*;\n").to_owned();
    for target in 0..targets {
        // Writing to a string cannot fail.
        let _ = write!(
            source,
            "\n{}\npub struct Target{target} {{\n    {}\n    pub level: f64,\n}}\n\n{}\nimpl Target{target} {{\n",
            mark("#[derive(Target)]"),
            mark("#[emitter]"),
            mark("#[actions]"),
        );
        for action in 0..actions {
            let _ = write!(
                source,
                "    /// Sets the level.\n    {}\n    pub fn action{action}(&mut self, level: f64, channel: u32, label: String) {{\n        \
                 self.level = level * f64::from(channel) + label.len() as f64;\n    }}\n",
                mark("#[action]"),
            );
        }
        source.push_str("}\n");
    }
    source
}
