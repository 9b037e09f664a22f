//! Child processes: each line they print is waited for with a time-out, and they never outlive the run.

use std::ffi::OsStr;
use std::future::Future;
use std::process::Stdio;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{self, ChildStdin, ChildStdout, Command};
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
    /// Until it is to end.
    orders: Option<ChildStdin>,
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
            .stdin(Stdio::piped())
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
        let pipes = (
            process.stdin.take(),
            process.stdout.take(),
            process.stderr.take(),
        );
        let (Some(orders), Some(out), Some(mut err)) = pipes else {
            return Err(format!("{name} has no input or output").into());
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
            orders: Some(orders),
            lines: BufReader::new(out).lines(),
            errors,
        })
    }

    /// The number of its process; `None` when it has ended.
    pub(crate) fn id(&self) -> Option<u32> {
        self.process.id()
    }

    /// Gives it an order, for which it prints one document.
    pub(crate) async fn order<T: DeserializeOwned>(
        &mut self,
        order: &impl Serialize,
    ) -> Result<T, Failure> {
        let mut line = serde_json::to_vec(order)?;
        line.push(b'\n');
        if let Some(orders) = &mut self.orders
            && let Err(error) = orders.write_all(&line).await
        {
            return Err(self.failed(&error.to_string()).await);
        }
        self.line().await
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

    /// Gives it no more orders, and waits until it has ended, which must be well.
    pub(crate) async fn end(mut self) -> Result<(), Failure> {
        self.orders = None;
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
