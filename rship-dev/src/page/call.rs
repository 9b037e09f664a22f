//! Actions that a page runs.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::FuturesUnordered;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::Handed;
use super::keys::{self, Key};
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
                Some(key) => match shared.house.hand() {
                    Some(hand) => elsewhere(&shared, &hand, key, data).await,
                    None => shared
                        .exec(key.instance.as_deref(), &key.id, data)
                        .await
                        .map_err(|error| error.to_string()),
                },
            };
            answer(&number, result, began.elapsed())
        }));
    }
}

/// Has an action run by whoever runs them.
async fn elsewhere(
    shared: &Shared,
    hand: &mpsc::Sender<Handed>,
    key: Key,
    data: Value,
) -> Result<Value, String> {
    if let Some(why) = shared.house.about.borrow().read_only.clone() {
        return Err(why);
    }
    let action = shared.look(|state| Some(state.store.get("Action", &key.id)?.item.value()));
    let Some(action) = action else {
        return Err(format!("there is no action `{}`", key.id));
    };
    let (sender, answered) = oneshot::channel();
    let handed = Handed {
        instance: key.instance,
        action,
        data,
        answer: sender,
    };
    let gone = || "the server is away".to_owned();
    hand.send(handed).await.map_err(|_| gone())?;
    answered.await.unwrap_or_else(|_| Err(gone()))
}

fn answer(number: &Value, result: Result<Value, String>, took: Duration) -> String {
    let ms = (took.as_secs_f64() * 10_000.0).round() / 10.0;
    match result {
        Ok(result) => json!({"t": "answer", "n": number, "ok": true, "result": result, "ms": ms}),
        Err(error) => json!({"t": "answer", "n": number, "ok": false, "error": error, "ms": ms}),
    }
    .to_string()
}
