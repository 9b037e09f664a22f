//! What an executor asks of the server: queries that stay live, and commands with an answer.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use rship_core::wire::{Answer, Generation, Query, QueryFormError, QueryResponse};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tokio::runtime::Handle;
use tokio::sync::{oneshot, watch};
use tokio::task::AbortHandle;
use uuid::Uuid;

use crate::connection_thread::ConnectionThread;
use crate::journal::alert;
use crate::outbox::Outbox;
use crate::stamp;
use crate::work;

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
    /// Too many bytes of commands and other frames wait for the server.
    #[error(
        "command `{0}` was not sent: too much waits for the server (`update_bytes`): try later"
    )]
    Busy(String),
    /// The content is not a JSON object.
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

/// Why a query has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// The first answer has not come yet, or the executor is offline.
    #[error("the query for items of type `{0}` has no answer yet")]
    Waiting(String),
    /// No answer came in time: a 2026 server gives none to a query that it cannot read. It is shown
    /// when it comes all the same.
    #[error(
        "the server did not answer the query for items of type `{item_type}` within {:.1} s",
        .limit.as_secs_f64()
    )]
    Unanswered {
        /// The type of the items.
        item_type: String,
        /// How long the answer was waited for.
        limit: Duration,
    },
    /// The server is of a generation that has no form for this query.
    #[error(transparent)]
    Form(#[from] QueryFormError),
    /// The executor has ended.
    #[error("the executor has ended, and with it the query for items of type `{0}`")]
    Ended(String),
}

/// What is known of the answer to a query.
type Found = Result<Arc<ItemMap>, QueryError>;

pub(crate) struct Outgoing {
    outbox: Arc<Outbox>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    queries: HashMap<String, Live>,
    /// Queries that the server of this session was not asked yet.
    unasked: HashSet<String>,
    /// Queries that it was asked, and that nobody wants any more.
    given_up: Vec<String>,
    commands: HashMap<String, oneshot::Sender<Result<Value, String>>>,
}

struct Live {
    query: Query,
    found: watch::Sender<Found>,
    /// The next part of the answer is a start, whether it says so or not: none has come in this session.
    fresh: bool,
    /// Says so when the answer does not come in time.
    watch: Option<AbortHandle>,
}

impl Outgoing {
    pub(crate) fn new(outbox: &Arc<Outbox>) -> Self {
        Self {
            outbox: Arc::clone(outbox),
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A registration begins, with a server that was asked nothing.
    pub(crate) fn begin(&self) {
        let mut state = self.state();
        let State {
            queries,
            unasked,
            given_up,
            ..
        } = &mut *state;
        given_up.clear();
        unasked.extend(queries.keys().cloned());
        for live in queries.values_mut() {
            live.fresh = true;
        }
        if !unasked.is_empty() {
            self.outbox.requests_came();
        }
    }

    /// Writes what is to be asked and to be cancelled, for a server of this generation.
    pub(crate) fn write(self: &Arc<Self>, generation: Generation, mut frame: impl FnMut(&str)) {
        let mut state = self.state();
        let State {
            queries,
            unasked,
            given_up,
            ..
        } = &mut *state;
        let now = stamp::now().to_string();
        let mut failed = Vec::new();
        for tx in std::mem::take(unasked) {
            let Some(live) = queries.get_mut(&tx) else {
                continue;
            };
            if let Err(error) = live.query.check(generation) {
                failed.push(live.fails(error.into()));
                continue;
            }
            frame(&live.query.frame(&tx, &now));
            live.watched_by(Some(self.watch(tx, live.query.limit())));
        }
        for tx in std::mem::take(given_up) {
            frame(&Query::cancel(&tx));
        }
        // Whoever keeps the log may ask something, too.
        drop(state);
        failed.iter().for_each(|why| alert(why));
    }

    /// Says so when a query is not answered in time.
    fn watch(self: &Arc<Self>, tx: String, limit: Duration) -> AbortHandle {
        let outgoing = Arc::downgrade(self);
        // What is to be written is written on the connection thread.
        let watching = work::spawn(&Handle::current(), async move {
            tokio::time::sleep(limit).await;
            let Some(outgoing) = outgoing.upgrade() else {
                return;
            };
            let mut state = outgoing.state();
            if let Some(live) = state.queries.get_mut(&tx)
                && live.fresh
            {
                let item_type = live.query.item_type().to_owned();
                let why = live.fails(QueryError::Unanswered { item_type, limit });
                drop(state);
                alert(&why);
            }
        });
        watching.abort_handle()
    }

    pub(crate) fn found(&self, mut response: QueryResponse) {
        let mut state = self.state();
        let Some(live) = state.queries.get_mut(&response.tx) else {
            return;
        };
        if std::mem::take(&mut live.fresh) {
            response.fresh = true;
            live.watched_by(None);
        }
        live.found.send_modify(|known| {
            if known.is_err() {
                *known = Ok(Arc::default());
            }
            if let Ok(known) = known {
                response.apply(Arc::make_mut(known));
            }
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
        let mut state = self.state();
        state.commands.clear();
        state.given_up.clear();
        for live in state.queries.values_mut() {
            // What was asked is not answered any more; it is asked again.
            live.watched_by(None);
        }
    }

    /// Asks a query; the answer is kept up to date until the returned value is dropped.
    pub(crate) fn query(self: &Arc<Self>, query: Query) -> LiveQuery {
        let tx = Uuid::new_v4().to_string();
        let item_type = query.item_type().to_owned();
        let (sender, found) = watch::channel(Err(QueryError::Waiting(item_type.clone())));
        let live = Live {
            query,
            found: sender,
            fresh: true,
            watch: None,
        };
        {
            let mut state = self.state();
            state.queries.insert(tx.clone(), live);
            state.unasked.insert(tx.clone());
        }
        self.outbox.requests_came();
        LiveQuery {
            outgoing: Arc::downgrade(self),
            tx,
            item_type,
            found,
        }
    }

    fn give_up(&self, tx: &str) {
        {
            let mut state = self.state();
            state.queries.remove(tx);
            if state.unasked.remove(tx) {
                // It was never asked.
                return;
            }
            state.given_up.push(tx.to_owned());
        }
        self.outbox.requests_came();
    }

    /// Sends a command and waits for its answer.
    pub(crate) async fn command(
        &self,
        id: &str,
        content: &impl Serialize,
    ) -> Result<Value, CommandError> {
        let content = content_of(id, content)?;
        let tx = Uuid::new_v4().to_string();
        let (sender, answer) = oneshot::channel();
        self.state().commands.insert(tx.clone(), sender);
        let _waiting = Waiting {
            outgoing: self,
            tx: &tx,
        };
        let now = stamp::now().to_string();
        let frame = rship_core::wire::command(id, &tx, &now, content);
        let limit = self.outbox.message_limit();
        if frame.len() > limit {
            let length = frame.len();
            return Err(CommandError::Content {
                command: id.to_owned(),
                reason: format!("it has {length} bytes, and the message limit is {limit}"),
            });
        }
        if !self.outbox.has_session() {
            return Err(CommandError::Offline(id.to_owned()));
        }
        if !self.outbox.frame(frame) {
            return Err(CommandError::Busy(id.to_owned()));
        }
        // The timer is the connection's, because the caller may be in no runtime.
        let thread = ConnectionThread::get().map_err(|_| CommandError::Offline(id.to_owned()))?;
        tokio::select! {
            biased;
            answered = answer => match answered {
                Ok(Ok(response)) => Ok(response),
                Ok(Err(message)) => Err(CommandError::Refused {
                    command: id.to_owned(),
                    message,
                }),
                Err(_) => Err(CommandError::Interrupted(id.to_owned())),
            },
            () = thread.sleep(ANSWER_LIMIT) => Err(CommandError::TimedOut(id.to_owned())),
        }
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
    outgoing: &'w Outgoing,
    tx: &'w str,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.outgoing.state().commands.remove(self.tx);
    }
}

impl Live {
    fn watched_by(&mut self, watch: Option<AbortHandle>) {
        if let Some(before) = std::mem::replace(&mut self.watch, watch) {
            before.abort();
        }
    }

    /// There is no answer, until one comes all the same; returns what to say.
    fn fails(&mut self, error: QueryError) -> String {
        let why = error.to_string();
        let _ = self.found.send_replace(Err(error));
        why
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.watched_by(None);
    }
}

/// What the server has of the items that a query asked for, kept up to date until this is dropped.
pub struct LiveQuery {
    outgoing: Weak<Outgoing>,
    tx: String,
    item_type: String,
    found: watch::Receiver<Found>,
}

impl LiveQuery {
    /// The items as last heard, by id. While the executor is offline this is what was known before.
    ///
    /// # Errors
    /// Before the server answered, and when it does not: see [`QueryError`].
    pub fn items(&self) -> Result<Arc<ItemMap>, QueryError> {
        self.found.borrow().clone()
    }

    /// The items that can be read as a `T`, by id.
    ///
    /// # Errors
    /// As [`items`](LiveQuery::items).
    pub fn items_as<T: DeserializeOwned>(&self) -> Result<BTreeMap<String, T>, QueryError> {
        let items = self.items()?;
        let read = items.iter().filter_map(|(id, item)| {
            let item = T::deserialize(item).ok()?;
            Some((id.clone(), item))
        });
        Ok(read.collect())
    }

    /// Waits for news, and returns the items as they are then.
    ///
    /// # Errors
    /// When the news is that there is no answer, or that the executor has ended.
    pub async fn changed(&mut self) -> Result<Arc<ItemMap>, QueryError> {
        if self.found.changed().await.is_err() {
            return Err(QueryError::Ended(self.item_type.clone()));
        }
        self.found.borrow_and_update().clone()
    }
}

impl Drop for LiveQuery {
    fn drop(&mut self) {
        if let Some(outgoing) = self.outgoing.upgrade() {
            outgoing.give_up(&self.tx);
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
