//! Pieces of the hot paths, measured by criterion.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use tokio::process::Command;

use crate::Failure;
use crate::cargo;
use crate::scope::Scope;
use crate::table::Figure;

/// Fields of the target in the bench of unchanged ones.
const FIELDS: f64 = 100.0;

#[derive(Deserialize)]
struct Metadata {
    target_directory: PathBuf,
}

#[derive(Deserialize)]
struct Estimates {
    median: Estimate,
}

/// In nanoseconds.
#[derive(Deserialize)]
struct Estimate {
    point_estimate: f64,
}

/// Runs the benches and reads what criterion estimated.
pub(crate) async fn measure(root: &Path, scope: Scope) -> Result<Vec<Figure>, Failure> {
    let home = folder(root).await?;
    // How the build goes is seen; what criterion says goes into the table.
    let built = bench(root).arg("--no-run").status().await?;
    if !built.success() {
        return Err("the benches do not build".into());
    }
    let [warm_up, measurement] = scope.pick(["1", "2"], ["0.1", "0.3"]);
    let mut command = bench(root);
    command
        .args(["--", "--noplot", "--warm-up-time", warm_up])
        .args(["--measurement-time", measurement])
        .env("CRITERION_HOME", &home);
    let ran = command.output().await?;
    if !ran.status.success() {
        let said = String::from_utf8_lossy(&ran.stderr);
        return Err(format!("`cargo bench -p rship-bench` failed: {said}").into());
    }
    let fields = estimate(&home, "one field of 100 changed")?;
    Ok(vec![
        Figure::new(
            "a change in a target of 100 emitters, of each field",
            fields / FIELDS,
            "ns",
        )
        .at_most(60.0),
        Figure::new("a pulse written", estimate(&home, "pulse written")?, "ns"),
        Figure::new("a command read", estimate(&home, "command read")?, "ns"),
        Figure::new(
            "an answer written",
            estimate(&home, "answer written")?,
            "ns",
        ),
    ])
}

fn bench(root: &Path) -> Command {
    let mut command = cargo();
    command
        .args([
            "bench",
            "--locked",
            "-p",
            "rship-bench",
            "--bench",
            "pieces",
        ])
        .current_dir(root)
        .kill_on_drop(true);
    command
}

/// Where criterion keeps its estimates.
async fn folder(root: &Path) -> Result<PathBuf, Failure> {
    let mut command = cargo();
    command.args(["metadata", "--no-deps", "--format-version", "1"]);
    let printed = command.current_dir(root).output().await?;
    if !printed.status.success() {
        return Err(String::from_utf8_lossy(&printed.stderr).into());
    }
    let metadata: Metadata = serde_json::from_slice(&printed.stdout)?;
    Ok(metadata.target_directory.join("criterion"))
}

fn estimate(home: &Path, bench: &str) -> Result<f64, Failure> {
    let file = home.join(bench).join("new").join("estimates.json");
    let text = std::fs::read_to_string(&file)
        .map_err(|error| format!("criterion left no {}: {error}", file.display()))?;
    let estimates: Estimates = serde_json::from_str(&text)?;
    Ok(estimates.median.point_estimate)
}
