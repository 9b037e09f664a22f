//! The process, and the two pipes to it.

use std::collections::HashMap;
use std::env;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::oneshot;

use super::faults::Faults;
use crate::within;

/// How Chromium is called where it is installed.
pub(super) const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// How long it may take to end by itself.
const ENDING: Duration = Duration::from_secs(3);

const ARGUMENTS: [&str; 17] = [
    "--headless=new",
    "--remote-debugging-pipe",
    "--no-sandbox",
    "--disable-gpu",
    // `/dev/shm` is small in containers.
    "--disable-dev-shm-usage",
    "--disable-breakpad",
    "--disable-crash-reporter",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    // Names that somebody may point at this machine.
    "--host-resolver-rules=MAP *.example 127.0.0.1",
    // Each page is to be as quick as if it were the only one.
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
];

/// A Chromium without a window.
///
/// Its pipes are ours, so it ends when this process does, however that ends.
pub(super) struct Chromium {
    process: Mutex<Child>,
    to: Mutex<Option<ChildStdin>>,
    shared: Arc<Shared>,
    next: AtomicU64,
    /// Removed when this is dropped.
    profile: TempDir,
}

#[derive(Default)]
struct Shared {
    waiting: Mutex<HashMap<u64, oneshot::Sender<Value>>>,
    /// By the session's id.
    pages: Mutex<HashMap<String, Arc<Faults>>>,
}

/// Where it is, if anywhere.
pub(super) fn find() -> Option<PathBuf> {
    if let Some(named) = env::var_os("RSHIP_CHROMIUM") {
        return Some(named.into());
    }
    let path = env::var_os("PATH")?;
    let mut places = env::split_paths(&path).flat_map(|folder| NAMES.map(|name| folder.join(name)));
    places.find(|place| place.is_file())
}

impl Chromium {
    /// Starts one, with a profile that nobody used before.
    pub(super) fn start(program: &Path) -> Self {
        let profile = tempfile::tempdir().expect("a temporary folder");
        let log = File::create(profile.path().join("log")).expect("a file");
        // The protocol is on descriptors 3 and 4, which a shell can make out of the usual two.
        let mut process = Command::new("sh")
            .args(["-c", "exec \"$@\" 3<&0 4>&1 0</dev/null 1>&2", "sh"])
            .arg(program)
            .args(ARGUMENTS)
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("a shell");
        let to = process.stdin.take();
        let from = process.stdout.take().expect("it is piped");
        let shared = Arc::new(Shared::default());
        let reader = Arc::clone(&shared);
        thread::spawn(move || reader.read(from));
        Self {
            process: Mutex::new(process),
            to: Mutex::new(to),
            shared,
            next: AtomicU64::new(1),
            profile,
        }
    }

    /// Calls a method of the protocol, of a page or of the whole.
    pub(super) async fn call(&self, session: Option<&str>, method: &str, params: Value) -> Value {
        match self.ask(session, method, params).await {
            Ok(result) => result,
            Err(error) => panic!("{method}: {error}"),
        }
    }

    /// The same, for what may be refused.
    pub(super) async fn ask(
        &self,
        session: Option<&str>,
        method: &str,
        params: Value,
    ) -> Result<Value, String> {
        let (sender, receiver) = oneshot::channel();
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        lock(&self.shared.waiting).insert(id, sender);
        self.send(id, session, method, params);
        let Ok(mut answer) = within(method, receiver).await else {
            panic!("Chromium ended, and said: {}", self.log());
        };
        match answer.get("error") {
            Some(error) => Err(error["message"].as_str().unwrap_or("no reason").to_owned()),
            None => Ok(answer["result"].take()),
        }
    }

    /// Calls a method whose answer nobody waits for.
    pub(super) fn tell(&self, session: Option<&str>, method: &str, params: Value) {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        self.send(id, session, method, params);
    }

    /// From now on what goes wrong in this page is told to `faults`.
    pub(super) fn follow(&self, session: &str, faults: Arc<Faults>) {
        lock(&self.shared.pages).insert(session.to_owned(), faults);
    }

    /// Nothing of this page is told any more.
    pub(super) fn forget(&self, session: &str) {
        lock(&self.shared.pages).remove(session);
    }

    fn send(&self, id: u64, session: Option<&str>, method: &str, params: Value) {
        let mut message = json!({"id": id, "method": method, "params": params});
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        let bytes = format!("{message}\0");
        if let Some(to) = &mut *lock(&self.to) {
            // Whoever waits for an answer is told when it ended.
            let _ = to.write_all(bytes.as_bytes());
        }
    }

    /// What it wrote to its log.
    fn log(&self) -> String {
        fs::read_to_string(self.profile.path().join("log")).unwrap_or_default()
    }
}

impl Shared {
    /// Takes all that it says, until its end.
    fn read(&self, from: ChildStdout) {
        let messages = BufReader::new(from).split(0);
        for message in messages.map_while(Result::ok) {
            let Ok(message) = serde_json::from_slice::<Value>(&message) else {
                continue;
            };
            if let Some(id) = message["id"].as_u64() {
                if let Some(waiting) = lock(&self.waiting).remove(&id) {
                    // Nobody may wait any more.
                    let _ = waiting.send(message);
                }
            } else if let (Some(session), Some(method)) =
                (message["sessionId"].as_str(), message["method"].as_str())
            {
                let page = lock(&self.pages).get(session).cloned();
                if let Some(page) = page {
                    page.event(method, &message["params"]);
                }
            }
        }
        lock(&self.waiting).clear();
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // A closed pipe ends it.
        lock(&self.to).take();
        let mut process = lock(&self.process);
        let begun = Instant::now();
        while begun.elapsed() < ENDING {
            if let Ok(Some(_)) = process.try_wait() {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        let _ = process.kill();
        let _ = process.wait();
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
