//! An example at work with a local core of the test's.

use rship_dev::LocalCore;
use rship_runtime::Generation;
use rship_tests::{LIMIT, core, example};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Child;
use tokio::sync::watch;

/// An example, and the core that it talks to.
pub(crate) struct AtWork {
    pub(crate) core: LocalCore,
    pub(crate) child: Child,
    /// What it wrote to standard error so far.
    said: watch::Receiver<String>,
}

impl AtWork {
    /// Starts it with these arguments; its standard input is kept open.
    pub(crate) async fn start(name: &'static str, arguments: &[&str]) -> Self {
        let core = core(Generation::V2026).await;
        let mut command = example(name, arguments).await;
        command.env("RSHIP_URL", core.url());
        command.stdin(std::process::Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (saying, said) = watch::channel(String::new());
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                saying.send_modify(|all| all.push_str(&(line + "\n")));
            }
        });
        Self { core, child, said }
    }

    /// Waits for something in the core.
    pub(crate) async fn sees(&self, what: &str, holds: impl FnMut(&LocalCore) -> bool + Send) {
        let seen = self.core.wait_until(LIMIT, what, holds).await;
        seen.unwrap_or_else(|error| panic!("{error}\nit said: {}", *self.said.borrow()));
    }

    /// Waits until an emitter has a value.
    pub(crate) async fn tells(&self, emitter: &str, value: Value) {
        let what = format!("{value} of {emitter}");
        let holds = |core: &LocalCore| core.value(emitter) == Some(value.clone());
        self.sees(&what, holds).await;
    }

    /// Waits until a target is online, or is not.
    pub(crate) async fn is_online(&self, target: &str, online: bool) {
        let holds = |core: &LocalCore| {
            let mut statuses = core.items("TargetStatus").into_values();
            let status = statuses.find(|status| status["targetId"] == target);
            status.is_some_and(|status| (status["status"] == "online") == online)
        };
        self.sees(&format!("{target} online: {online}"), holds)
            .await;
    }

    /// What an action answers.
    pub(crate) async fn call(&self, action: &str, payload: Value) -> Result<Value, String> {
        let answer = self.core.exec(None, action, payload).await;
        answer.map_err(|error| error.to_string())
    }

    /// Waits until this is in what it writes to standard error.
    pub(crate) async fn says(&mut self, text: &str) {
        let said = self.said.wait_for(|said| said.contains(text));
        let heard = tokio::time::timeout(LIMIT, said)
            .await
            .is_ok_and(|heard| heard.is_ok());
        assert!(heard, "no {text:?} in {}", *self.said.borrow());
    }

    /// What it wrote to standard error so far.
    pub(crate) fn said(&self) -> String {
        self.said.borrow().clone()
    }
}
