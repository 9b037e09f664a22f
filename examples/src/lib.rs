//! What the examples share: a local core to run against when no server is named, the protocols of real equipment, its
//! simulators, warnings that do not flood the log, and the load device.

#[cfg(feature = "load")]
pub mod load;
pub mod protocols;
pub mod simulators;
mod warnings;

use std::collections::BTreeMap;
use std::env;
use std::fmt;
use std::io::{self, IsTerminal, Write as _};
use std::net::Ipv4Addr;

use rship_dev::LocalCore;
use rship_runtime::{Executor, Metrics, Running};
use tokio::runtime::{self, Runtime};
use tracing_subscriber::EnvFilter;

pub use self::warnings::Warnings;

/// What goes wrong in an example, as a person reads it: `main` prints it, an action answers with it.
pub struct Failure(String);

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

// `main` writes errors with `Debug`.
impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An executor, and the local core that it talks to when the environment names no server.
pub struct Show {
    /// Where the example adds its targets.
    pub executor: Executor,
    core: Option<LocalCore>,
    /// What the core runs in, where the example has no runtime.
    runtime: Option<Runtime>,
}

impl Show {
    /// Makes the executor of this service. Where the environment names a server it will talk to that
    /// one; otherwise a local core is started in this process, on port 5155 or else on a free one.
    ///
    /// # Errors
    /// When the environment has values that cannot be used, or no core can be started.
    pub async fn open(service: &str) -> Result<Self, Failure> {
        log_to_stderr();
        let executor = Executor::from_env(service)?;
        let mut show = Self {
            executor,
            core: None,
            runtime: None,
        };
        if show.executor.wants_manifest() || server_is_named() {
            return Ok(show);
        }
        let core = start_core().await?;
        show.executor = Executor::builder(service).url(core.url()).build()?;
        let counting = show.executor.clone();
        core.offer_metrics(move || numbers(&counting.metrics()));
        show.core = Some(core);
        Ok(show)
    }

    /// The same for a program without a runtime: where a local core is started, it has one of its own.
    ///
    /// # Errors
    /// As [`open`](Show::open), and when no runtime can be made.
    pub fn open_without_runtime(service: &str) -> Result<Self, Failure> {
        let mut builder = runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).enable_all().build()?;
        let mut show = runtime.block_on(Self::open(service))?;
        show.runtime = show.core.is_some().then_some(runtime);
        Ok(show)
    }

    /// As [`run`](Show::run), for a program without a runtime.
    ///
    /// # Errors
    /// As [`Executor::run_blocking`].
    pub fn run_blocking(self, try_next: &[&str]) -> Result<(), Failure> {
        self.introduce(try_next);
        let ended = self.executor.run_blocking();
        if let (Some(runtime), Some(core)) = (self.runtime, self.core) {
            runtime.block_on(core.shutdown());
        }
        Ok(ended?)
    }

    /// As [`run`](Show::run), but returns at once; the executor ends when the returned value is dropped.
    ///
    /// # Errors
    /// As [`Executor::start`].
    pub fn start(&self, try_next: &[&str]) -> Result<Running, Failure> {
        self.introduce(try_next);
        Ok(self.executor.start()?)
    }

    /// Says what to try from another terminal, and runs until Ctrl-C. With `--manifest`, only prints
    /// the tree.
    ///
    /// # Errors
    /// As [`Executor::run`].
    pub async fn run(self, try_next: &[&str]) -> Result<(), Failure> {
        self.introduce(try_next);
        let ended = self.executor.run().await;
        if let Some(core) = self.core {
            core.shutdown().await;
        }
        Ok(ended?)
    }

    fn introduce(&self, try_next: &[&str]) {
        if let Some(core) = &self.core {
            write(&introduction(core, try_next));
        }
    }
}

/// Shows a line of live values on standard output: in a terminal always in the same place.
pub fn live(line: &str) {
    if takes_sequences(&io::stdout()) {
        write(&format!("\r{line}\x1b[K"));
    } else {
        write(&format!("{line}\n"));
    }
}

/// Whether somebody looks at it who sees colors and lines that change, and not the characters that say so: of the
/// consoles on Windows, the newer one says that it takes them.
fn takes_sequences(to: &impl IsTerminal) -> bool {
    to.is_terminal() && (cfg!(not(windows)) || env::var_os("WT_SESSION").is_some())
}

fn server_is_named() -> bool {
    ["RSHIP_URL", "RSHIP_ADDRESS", "RSHIP_PORT"]
        .iter()
        .any(|name| env::var_os(name).is_some())
}

async fn start_core() -> Result<LocalCore, Failure> {
    let mut builder = LocalCore::builder();
    if let Ok(wire) = env::var("RSHIP_WIRE") {
        builder = builder.generation(wire.parse().map_err(rship_runtime::Error::from)?);
    }
    let usual = (Ipv4Addr::LOCALHOST, LocalCore::USUAL_PORT);
    Ok(builder.bind(usual).or_free_port().start().await?)
}

fn introduction(core: &LocalCore, try_next: &[&str]) -> String {
    let url = core.url();
    let mut text = format!(
        "a local core of the {} generation listens on {url}, in this process\n",
        core.generation()
    );
    let (mut server, usual) = (String::new(), LocalCore::USUAL_PORT);
    if core.addr().port() != usual {
        text.push_str(&format!(
            "(port {usual} is taken; to join the server there, set RSHIP_URL=ws://127.0.0.1:{usual}/myko)\n"
        ));
        server = format!(" --url {url}");
    }
    text.push_str(&format!(
        "\nlook at it in a browser: {}\n\ntry from another terminal:\n",
        core.page_url()
    ));
    for command in try_next {
        text.push_str(&format!("  cargo run -p rship-dev -- {command}{server}\n"));
    }
    text.push_str("\nCtrl-C ends it\n\n");
    text
}

/// What an executor counts, by name.
fn numbers(metrics: &Metrics) -> BTreeMap<String, u64> {
    let all = [
        ("sessions", metrics.sessions),
        ("frames in", metrics.frames_in),
        ("frames out", metrics.frames_out),
        ("bytes out", metrics.bytes_out),
        ("unreadable frames", metrics.unreadable_frames),
        ("pulses out", metrics.pulses_out),
        ("states coalesced", metrics.states_coalesced),
        ("impulses dropped", metrics.impulses_dropped),
        ("values refused", metrics.values_refused),
        ("commands", metrics.commands),
        ("commands answered", metrics.commands_answered),
        ("commands failed", metrics.commands_failed),
        ("commands refused", metrics.commands_refused),
        ("commands dropped", metrics.commands_dropped),
        ("answers discarded", metrics.answers_discarded),
        ("actions timed out", metrics.actions_timed_out),
        ("updates dropped", metrics.updates_dropped),
        ("healed", metrics.healed),
    ];
    all.map(|(name, number)| (name.to_owned(), number)).into()
}

fn log_to_stderr() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .compact()
        .with_env_filter(filter)
        .with_ansi(takes_sequences(&io::stderr()))
        .with_writer(|| {
            // A line of live values may stand where the log goes on.
            if takes_sequences(&io::stdout()) && io::stderr().is_terminal() {
                write("\r\x1b[K");
            }
            io::stderr()
        })
        .init();
}

fn write(text: &str) {
    let mut out = io::stdout().lock();
    // A closed pipe does not end a device.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
