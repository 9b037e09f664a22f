//! Requests: what an executor asks of the server, queries that stay live and commands with an answer.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use rship_core::wire::{Answer, Query, QueryResponse};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tokio::sync::{oneshot, watch};
use uuid::Uuid;

use crate::hub::Hub;
use crate::outbox::News;

/// How long a server may take to answer a command.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// Items by their id.
pub type ItemMap = BTreeMap<String, Value>;

/// Why a command to the server came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// There is no session.
    #[error("command `{0}` was not sent: the executor is offline")]
    Offline(String),
    /// The content is no JSON object.
    #[error("command `{command}` was not sent: {reason}")]
    Content {
        /// The command.
        command: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The server said no.
    #[error("the server refused command `{command}`: {message}")]
    Refused {
        /// The command.
        command: String,
        /// The server's words.
        message: String,
    },
    /// The connection ended before the answer came; the command may have been carried out.
    #[error("the connection ended before the server answered command `{0}`")]
    Interrupted(String),
    /// No answer came; the command may have been carried out.
    #[error("the server did not answer command `{0}` within 10 s")]
    TimedOut(String),
}

#[derive(Default)]
pub(crate) struct Requests {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    queries: HashMap<String, Asked>,
    commands: HashMap<String, oneshot::Sender<Result<Value, String>>>,
}

struct Asked {
    query: Query,
    found: watch::Sender<Option<Arc<ItemMap>>>,
    /// The next part of the answer is a start, whether it says so or not.
    fresh: bool,
}

impl Requests {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The frames that ask all live queries anew, at the beginning of a session.
    pub(crate) fn ask_all(&self, created_at: &str) -> Vec<String> {
        let mut state = self.state();
        let queries = state.queries.iter_mut();
        queries
            .map(|(tx, asked)| {
                asked.fresh = true;
                asked.query.frame(tx, created_at)
            })
            .collect()
    }

    /// The frame that asks one query, unless it was given up.
    pub(crate) fn ask(&self, tx: &str, created_at: &str) -> Option<String> {
        let state = self.state();
        Some(state.queries.get(tx)?.query.frame(tx, created_at))
    }

    pub(crate) fn found(&self, mut response: QueryResponse) {
        let mut state = self.state();
        let Some(asked) = state.queries.get_mut(&response.tx) else {
            return;
        };
        response.fresh |= std::mem::take(&mut asked.fresh);
        asked.found.send_modify(|known| {
            response.apply(Arc::make_mut(known.get_or_insert_default()));
        });
    }

    /// Takes an answer to its asker; gives it back when nobody waits for it.
    pub(crate) fn answered(&self, answer: Answer) -> Option<Answer> {
        match self.state().commands.remove(&answer.tx) {
            Some(waiting) => {
                // The asker may have given up.
                let _ = waiting.send(answer.result);
                None
            }
            None => Some(answer),
        }
    }

    /// The session has ended: no answer comes any more.
    pub(crate) fn end(&self) {
        self.state().commands.clear();
    }
}

/// Asks a query; the answer is kept up to date until the returned value is dropped.
pub(crate) fn query(hub: &Arc<Hub>, query: Query) -> LiveQuery {
    let tx = Uuid::new_v4().to_string();
    let (sender, found) = watch::channel(None);
    let asked = Asked {
        query,
        found: sender,
        fresh: true,
    };
    hub.requests.state().queries.insert(tx.clone(), asked);
    hub.outbox.news([News::Query(tx.clone())]);
    LiveQuery {
        hub: Arc::downgrade(hub),
        tx,
        found,
    }
}

/// Sends a command and waits for its answer.
pub(crate) async fn command(
    hub: &Arc<Hub>,
    id: &str,
    content: &impl Serialize,
) -> Result<Value, CommandError> {
    let content = content_of(id, content)?;
    let tx = Uuid::new_v4().to_string();
    let (sender, answer) = oneshot::channel();
    hub.requests.state().commands.insert(tx.clone(), sender);
    let _waiting = Waiting { hub, tx: &tx };
    let frame = rship_core::wire::command(id, &tx, &crate::stamp::now().to_string(), content);
    if !hub.outbox.is_live() {
        return Err(CommandError::Offline(id.to_owned()));
    }
    hub.outbox.news([News::Frame(frame)]);
    match tokio::time::timeout(ANSWER_LIMIT, answer).await {
        Ok(Ok(Ok(response))) => Ok(response),
        Ok(Ok(Err(message))) => Err(CommandError::Refused {
            command: id.to_owned(),
            message,
        }),
        Ok(Err(_)) => Err(CommandError::Interrupted(id.to_owned())),
        Err(_) => Err(CommandError::TimedOut(id.to_owned())),
    }
}

fn content_of(id: &str, content: &impl Serialize) -> Result<Map<String, Value>, CommandError> {
    let wrong = |reason: String| CommandError::Content {
        command: id.to_owned(),
        reason,
    };
    match serde_json::to_value(content) {
        Ok(Value::Object(content)) => Ok(content),
        Ok(Value::Null) => Ok(Map::new()),
        Ok(_) => Err(wrong("its content must be an object".to_owned())),
        Err(error) => Err(wrong(format!(
            "its content cannot be written as JSON: {error}"
        ))),
    }
}

/// A command whose answer is awaited; an asker that gives up leaves nothing behind.
struct Waiting<'w> {
    hub: &'w Hub,
    tx: &'w str,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.hub.requests.state().commands.remove(self.tx);
    }
}

/// What the server has of the items that a query asked for, kept up to date until this is dropped.
pub struct LiveQuery {
    hub: Weak<Hub>,
    tx: String,
    found: watch::Receiver<Option<Arc<ItemMap>>>,
}

impl LiveQuery {
    /// The items as last heard, by id; `None` before the server answered for the first time. While the
    /// executor is offline this is what was known before.
    #[must_use]
    pub fn items(&self) -> Option<Arc<ItemMap>> {
        self.found.borrow().clone()
    }

    /// The items that can be read as a `T`, by id.
    #[must_use]
    pub fn items_as<T: DeserializeOwned>(&self) -> BTreeMap<String, T> {
        let items = self.items().unwrap_or_default();
        let read = items.iter().filter_map(|(id, item)| {
            let item = T::deserialize(item).ok()?;
            Some((id.clone(), item))
        });
        read.collect()
    }

    /// Waits for news, and returns the items as they are then; `None` when the executor has ended.
    pub async fn changed(&mut self) -> Option<Arc<ItemMap>> {
        self.found.changed().await.ok()?;
        self.found.borrow_and_update().clone()
    }
}

impl Drop for LiveQuery {
    fn drop(&mut self) {
        if let Some(hub) = self.hub.upgrade() {
            hub.requests.state().queries.remove(&self.tx);
            hub.outbox.news([News::Frame(Query::cancel(&self.tx))]);
        }
    }
}

impl fmt::Debug for LiveQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveQuery")
            .field("tx", &self.tx)
            .finish_non_exhaustive()
    }
}
