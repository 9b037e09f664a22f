//! Actions that a page runs.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::FuturesUnordered;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::keys;
use crate::server::shared::Shared;

/// How many of them may wait for an answer.
const MOST: usize = 256;

/// A frame that comes when an action is answered.
type Answer = Pin<Box<dyn Future<Output = String> + Send>>;

/// The actions that a page waits for.
#[derive(Default)]
pub(super) struct Calls {
    pub(super) waiting: FuturesUnordered<Answer>,
}

impl Calls {
    /// Runs an action; the answer comes among those that wait.
    pub(super) fn call(&self, shared: &Arc<Shared>, number: &Value, action: &str, data: Value) {
        let number = number.clone();
        let refused = |reason: String| Err::<Value, String>(reason);
        let full = self.waiting.len() >= MOST;
        let key = keys::read('a', action);
        let (shared, action) = (Arc::clone(shared), action.to_owned());
        self.waiting.push(Box::pin(async move {
            let began = Instant::now();
            let result = match key {
                _ if full => refused(format!("{MOST} actions wait for an answer already")),
                None => refused(format!("`{action}` is the key of no action")),
                Some(key) => shared
                    .exec(key.instance.as_deref(), &key.id, data)
                    .await
                    .map_err(|error| error.to_string()),
            };
            answer(&number, result, began.elapsed())
        }));
    }
}

fn answer(number: &Value, result: Result<Value, String>, took: Duration) -> String {
    let ms = (took.as_secs_f64() * 10_000.0).round() / 10.0;
    match result {
        Ok(result) => json!({"t": "answer", "n": number, "ok": true, "result": result, "ms": ms}),
        Err(error) => json!({"t": "answer", "n": number, "ok": false, "error": error, "ms": ms}),
    }
    .to_string()
}
