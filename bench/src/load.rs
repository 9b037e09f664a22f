//! Runs of the load executor, which is built first.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use rship_examples::load::{Ready, Report};
use serde::Deserialize;

use crate::child::Child;
use crate::sink::{Connection, Ended, Keep, Sink};
use crate::{Failure, cargo};

/// The program.
pub(crate) struct Load {
    program: PathBuf,
}

/// A message of cargo's.
#[derive(Deserialize)]
struct Built {
    target: Target,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

impl Load {
    /// Builds it, in the profile in which this program was built.
    pub(crate) async fn build(root: &Path) -> Result<Self, Failure> {
        let mut command = cargo();
        // Together with this crate, so that both are built with the same features of what they share:
        // one would be built anew for the other each time.
        command.args([
            "build",
            "--locked",
            "-p",
            "rship-bench",
            "-p",
            "rship-examples",
        ]);
        command.args(["--features", "rship-examples/load"]);
        command.args(["--bin", "rship-bench", "--bin", "load"]);
        command.arg("--message-format=json-render-diagnostics");
        if !cfg!(debug_assertions) {
            command.arg("--release");
        }
        command
            .current_dir(root)
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        let built = command.spawn()?.wait_with_output().await?;
        if !built.status.success() {
            return Err("`load` does not build".into());
        }
        let messages = String::from_utf8_lossy(&built.stdout);
        let program = messages
            .lines()
            .filter_map(|line| serde_json::from_str::<Built>(line).ok())
            .filter(|message| message.target.name == "load")
            .find_map(|message| message.executable)
            .ok_or("cargo did not say where it built `load`")?;
        Ok(Self { program })
    }

    /// Where it was built.
    pub(crate) fn program(&self) -> &Path {
        &self.program
    }

    /// Starts it against the sink.
    pub(crate) async fn start(
        &self,
        sink: &Sink,
        mode: &[&str],
        keep: Keep,
    ) -> Result<(Child, Connection), Failure> {
        let url = sink.url()?;
        let mut child = Child::start(&self.program, [url.as_str()].iter().chain(mode))?;
        let connection = child.during(sink.accept(keep)).await?;
        Ok((child, connection))
    }

    /// Runs it to its end.
    pub(crate) async fn run(
        &self,
        sink: &Sink,
        mode: &[&str],
        keep: Keep,
    ) -> Result<(Report, Ended), Failure> {
        let (child, connection) = self.start(sink, mode, keep).await?;
        finish(child, connection).await
    }

    /// Starts it and waits until it takes commands.
    pub(crate) async fn ready(
        &self,
        sink: &Sink,
        mode: &[&str],
    ) -> Result<(Child, Connection), Failure> {
        let (mut child, connection) = self.start(sink, mode, Keep::default()).await?;
        let Ready { ready } = child.line().await?;
        if ready {
            Ok((child, connection))
        } else {
            Err("the load executor says that it is not ready".into())
        }
    }
}

/// Waits for the report and the end.
pub(crate) async fn finish(
    mut child: Child,
    connection: Connection,
) -> Result<(Report, Ended), Failure> {
    let report = child.line().await?;
    child.end().await?;
    Ok((report, connection.closed().await?))
}
