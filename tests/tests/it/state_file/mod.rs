//! A device that comes back as it was: states are kept in a file over a restart. All but the disk is simulated:
//! time, threads and the server, so that what is said can be read and no second is waited for.

mod disk;
mod restoring;
mod saving;

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use rship_runtime::testing::World;
use rship_runtime::{Builder, Executor};
use rship_tests::{Connector, Pipes, Running, builder, pipes};
use serde_json::{Value, json};
use tempfile::TempDir;
use tracing::subscriber::DefaultGuard;

/// A folder of a test's own, with a state file in it, in a world of its own.
struct Place {
    _world: World,
    folder: TempDir,
    said: Said,
    _log: DefaultGuard,
    /// The other ends of connections to which nobody listens.
    deaf: Mutex<Vec<Pipes>>,
}

/// All that is logged.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<Vec<u8>>>);

impl io::Write for Said {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Place {
    fn new() -> Self {
        let said = Said::default();
        let writer = said.clone();
        let log = tracing_subscriber::fmt()
            .with_writer(move || writer.clone())
            .with_ansi(false)
            // Not that nobody listens.
            .with_env_filter("info,rship_runtime::session=off")
            .finish();
        Self {
            _world: World::new(1),
            folder: tempfile::tempdir().unwrap(),
            said,
            _log: tracing::subscriber::set_default(log),
            deaf: Mutex::default(),
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("state.json")
    }

    /// The names of all files in the folder.
    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort_unstable();
        names
    }

    fn put(&self, json: &Value) {
        fs::write(self.path(), json.to_string()).unwrap();
    }

    /// Puts values there as a run of the device has left them.
    fn put_targets(&self, targets: Value) {
        self.put(&json!({"rship_state": 1, "targets": targets}));
    }

    fn saved(&self) -> Value {
        serde_json::from_slice(&fs::read(self.path()).unwrap()).unwrap()
    }

    /// A device with the state file, and nobody at the other end.
    fn builder(&self) -> Builder {
        let (builder, pipes) = self.served();
        self.deaf.lock().unwrap().push(pipes);
        builder
    }

    fn executor(&self) -> Executor {
        self.builder().build().unwrap()
    }

    /// A device with the state file, and the other ends of its connections.
    fn served(&self) -> (Builder, Pipes) {
        let (connector, pipes): (Connector, _) = pipes(1 << 20);
        let builder = builder("ws://core/myko").connect(connector);
        (builder.state_file(self.path()), pipes)
    }

    /// What was said since this was asked last, but for the end of executors.
    fn said(&self) -> String {
        let said = String::from_utf8(std::mem::take(&mut *self.said.0.lock().unwrap())).unwrap();
        let lines = said.lines().filter(|line| !line.ends_with("shutting down"));
        lines.map(|line| format!("{line}\n")).collect()
    }
}

/// Runs an executor until this is ready, and ends it.
async fn while_running<R>(executor: &Executor, work: impl Future<Output = R>) -> R {
    let running = Running::start(executor);
    let result = work.await;
    running.stop().await;
    result
}
