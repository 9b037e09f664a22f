//! An open connection, and what waits to be sent on it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rship_core::wire::Encoding;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::tungstenite::Message;

use crate::query::Watch;

/// What a message takes beside its bytes.
const PLACE: usize = 128;

/// Something for a client.
#[derive(Debug)]
pub(crate) enum Outgoing {
    Document(Value),
    /// A text that is not a document.
    Bare(&'static str),
    /// A text of the library's user, as it is.
    Raw(String),
}

/// Something on its way to a client.
#[derive(Debug)]
pub(crate) enum Queued {
    Message(Message),
    /// The whole answer to the query with this tx, looked up when it is sent.
    Whole(String),
}

impl Queued {
    fn weight(&self) -> usize {
        PLACE
            + match self {
                Self::Message(message) => message.len(),
                Self::Whole(tx) => tx.len(),
            }
    }
}

/// How many bytes wait for a client, and for all.
#[derive(Debug)]
pub(crate) struct Waiting {
    bytes: AtomicUsize,
    all: Arc<AtomicUsize>,
}

impl Waiting {
    fn new(all: Arc<AtomicUsize>) -> Self {
        Self {
            bytes: AtomicUsize::new(0),
            all,
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    fn add(&self, bytes: usize) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.all.fetch_add(bytes, Ordering::Relaxed);
    }

    fn sub(&self, bytes: usize) {
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
        self.all.fetch_sub(bytes, Ordering::Relaxed);
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.all.fetch_sub(self.bytes(), Ordering::Relaxed);
    }
}

/// The session's end of what waits.
#[derive(Debug)]
pub(crate) struct Queue {
    receiver: mpsc::UnboundedReceiver<Queued>,
    waiting: Arc<Waiting>,
}

impl Queue {
    pub(crate) async fn recv(&mut self) -> Option<Queued> {
        let queued = self.receiver.recv().await?;
        self.waiting.sub(queued.weight());
        Some(queued)
    }

    pub(crate) fn try_recv(&mut self) -> Option<Queued> {
        let queued = self.receiver.try_recv().ok()?;
        self.waiting.sub(queued.weight());
        Some(queued)
    }
}

/// An open connection.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) id: String,
    /// The tx of the set-id command, which some executors answer.
    pub(crate) set_id_tx: Option<String>,
    queue: mpsc::UnboundedSender<Queued>,
    pub(crate) waiting: Arc<Waiting>,
    /// Whether it sent a binary frame; from the first on it is answered in such.
    pub(crate) binary: Arc<AtomicBool>,
    pub(crate) watches: BTreeMap<String, Watch>,
    /// How many of its commands wait for an answer.
    pub(crate) asked: usize,
    /// The session ends when this is dropped.
    _alive: oneshot::Sender<()>,
}

impl Client {
    /// A connection, the session's end of its queue, and what resolves when it is thrown out.
    pub(crate) fn new(
        id: String,
        set_id_tx: Option<String>,
        waiting_for_all: Arc<AtomicUsize>,
    ) -> (Self, Queue, oneshot::Receiver<()>) {
        let (queue, receiver) = mpsc::unbounded_channel();
        let (alive, thrown_out) = oneshot::channel();
        let waiting = Arc::new(Waiting::new(waiting_for_all));
        let client = Self {
            id,
            set_id_tx,
            queue,
            waiting: Arc::clone(&waiting),
            binary: Arc::default(),
            watches: BTreeMap::new(),
            asked: 0,
            _alive: alive,
        };
        (client, Queue { receiver, waiting }, thrown_out)
    }

    /// The encoding in which it is spoken to.
    pub(crate) fn encoding(&self) -> Encoding {
        if self.binary.load(Ordering::Relaxed) {
            Encoding::Cbor
        } else {
            Encoding::Json
        }
    }

    /// Puts something into its queue; never waits.
    pub(crate) fn queue(&self, queued: Queued) {
        self.waiting.add(queued.weight());
        // A session that ended meanwhile takes nothing, and its count goes with it.
        drop(self.queue.send(queued));
    }

    /// What its queries take in memory.
    pub(crate) fn query_weight(&self) -> usize {
        self.watches.values().map(Watch::weight).sum()
    }
}
