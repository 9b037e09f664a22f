//! Child processes: each line they print is waited for with a time-out, and they never outlive the run.

use std::ffi::OsStr;
use std::future::Future;
use std::process::Stdio;
use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader, Lines};
use tokio::process::{self, ChildStdout, Command};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::Failure;

/// How long a child may work before it says something.
const LIMIT: Duration = Duration::from_secs(120);

/// What would have a child talk to another server than ours, or in another way.
const SETTINGS: [&str; 6] = [
    "RSHIP_URL",
    "RSHIP_ADDRESS",
    "RSHIP_PORT",
    "RSHIP_WIRE",
    "RSHIP_ENCODING",
    "RSHIP_TOKEN",
];

/// A child that prints JSON, one document a line.
pub(crate) struct Child {
    name: String,
    process: process::Child,
    lines: Lines<BufReader<ChildStdout>>,
    errors: JoinHandle<String>,
}

impl Child {
    /// Starts a program.
    pub(crate) fn start<A: AsRef<OsStr>>(
        program: impl AsRef<OsStr>,
        arguments: impl IntoIterator<Item = A>,
    ) -> Result<Self, Failure> {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        for setting in SETTINGS {
            command.env_remove(setting);
        }
        let name = command.as_std().get_args().map(OsStr::to_string_lossy);
        let name = format!("child `{}`", name.collect::<Vec<_>>().join(" "));
        let mut process = command
            .spawn()
            .map_err(|error| format!("{name} does not start: {error}"))?;
        let (Some(out), Some(mut err)) = (process.stdout.take(), process.stderr.take()) else {
            return Err(format!("{name} has no output").into());
        };
        let errors = tokio::spawn(async move {
            let mut text = Vec::new();
            // What was read until it failed is all there is to show.
            let _ = err.read_to_end(&mut text).await;
            String::from_utf8_lossy(&text).into_owned()
        });
        Ok(Self {
            name,
            process,
            lines: BufReader::new(out).lines(),
            errors,
        })
    }

    /// The next document that it prints.
    pub(crate) async fn line<T: DeserializeOwned>(&mut self) -> Result<T, Failure> {
        let line = match timeout(LIMIT, self.lines.next_line()).await {
            Ok(Ok(Some(line))) => line,
            Ok(Ok(None)) => {
                return Err(self
                    .failed("it ended before it said what it measured")
                    .await);
            }
            Ok(Err(error)) => return Err(self.failed(&error.to_string()).await),
            Err(_) => return Err(self.failed(&format!("said nothing within {LIMIT:?}")).await),
        };
        serde_json::from_str(&line)
            .map_err(|error| format!("{}: `{line}` was not expected: {error}", self.name).into())
    }

    /// Waits for what it has a part in.
    pub(crate) async fn during<T>(
        &mut self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let failure = tokio::select! {
            biased;
            done = work => match done {
                Ok(done) => return Ok(done),
                Err(error) => error.to_string(),
            },
            ended = self.process.wait() => format!("ended too early: {}", ended?),
        };
        Err(self.failed(&failure).await)
    }

    /// Waits until it has ended, which must be well.
    pub(crate) async fn end(mut self) -> Result<(), Failure> {
        match timeout(LIMIT, self.process.wait()).await {
            Ok(Ok(status)) if status.success() => Ok(()),
            Ok(Ok(status)) => Err(self.failed(&status.to_string()).await),
            Ok(Err(error)) => Err(self.failed(&error.to_string()).await),
            Err(_) => Err(self.failed(&format!("did not end within {LIMIT:?}")).await),
        }
    }

    /// Ends it.
    pub(crate) async fn stop(mut self) -> Result<(), Failure> {
        self.process.kill().await?;
        Ok(())
    }

    async fn failed(&mut self, what: &str) -> Failure {
        // It may have ended already.
        let _ = self.process.kill().await;
        let said = (&mut self.errors).await.unwrap_or_default();
        format!("{}: {what}; on standard error it said: {said}", self.name).into()
    }
}
