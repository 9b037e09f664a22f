//! Live queries: their first answers, and what their watchers are told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rship_core::wire::Generation;
use tokio_tungstenite::tungstenite::Message;

use super::client::{Client, Queued};
use super::limits::{Limits, size};
use super::state::State;
use crate::codec;
use crate::item::Item;
use crate::query::{Told, Watch};
use crate::reading::Problem;
use crate::speaking::{self, Update};
use crate::store::{ClientNo, Store};

/// While more waits for a client than this, the answers to its queries are made when it is their turn, and the newest
/// pulse is enough.
pub(super) const AT_ONCE: usize = 1 << 20;

/// Larger entities are left out of an answer that no message can carry.
const LARGE: usize = 1 << 20;

/// The changes that the watchers have not been told yet: ids by type. What they are told is how it is then.
pub(crate) type Untold = BTreeMap<String, BTreeSet<Arc<str>>>;

/// How many queries there are of each type.
#[derive(Debug, Default)]
pub(crate) struct Watched(BTreeMap<String, usize>);

impl Watched {
    pub(crate) fn is(&self, item_type: &str) -> bool {
        self.0.contains_key(item_type)
    }

    fn add(&mut self, item_type: &str) {
        *self.0.entry(item_type.to_owned()).or_default() += 1;
    }

    fn remove(&mut self, item_type: &str) {
        if let Some(count) = self.0.get_mut(item_type) {
            *count -= 1;
            if *count == 0 {
                self.0.remove(item_type);
            }
        }
    }
}

/// Why the answer to a query is not sent.
const TOO_LARGE: &str = "its answer is larger than the 64 MiB that a message may have, and nobody is told: ask for less";

impl State {
    /// Tells all who watch what changed.
    pub(crate) fn tell(&mut self, untold: &Untold) {
        let mut too_large = Vec::new();
        for (no, client) in &mut self.clients {
            let mut grew = false;
            let encoding = client.encoding();
            let mut frames = Frames {
                queued: 0,
                most: self.limits.waiting,
            };
            let waits = client.waiting.bytes();
            let mut told = Vec::new();
            for (tx, watch) in &mut client.watches {
                let Some(ids) = untold.get(&watch.query.item_type) else {
                    continue;
                };
                if watch.queued {
                    continue;
                }
                let Some(update) = news(&self.store, watch, ids) else {
                    continue;
                };
                grew = true;
                if self.generation == Generation::V2023 {
                    watch.queued = true;
                    told.push(Queued::Whole(tx.clone()));
                    continue;
                }
                let response = speaking::query_response(self.generation, tx, update);
                let encoded = codec::encode(encoding, &response);
                watch.sequence += 1;
                match encoded {
                    Some(message) => {
                        let full = frames.are_too_much(waits, message.len());
                        told.push(Queued::Message(message));
                        // The rest would be made for nobody.
                        if full {
                            break;
                        }
                    }
                    None => too_large.push((*no, tx.clone())),
                }
            }
            for queued in told {
                client.queue(queued);
            }
            if client.waiting.bytes() > self.limits.waiting {
                self.overflowed.insert(*no);
            }
            if grew && client.query_weight() > self.limits.query_bytes {
                self.overwatched.insert(*no);
            }
        }
        for (no, tx) in too_large {
            self.forget(no, &tx);
            self.explain(Some(no), "ws:m:query", &tx, Problem::fatal("", TOO_LARGE));
        }
        self.look_for_overflow();
    }

    /// Opens a query and queues its first answer; the same tx again starts afresh.
    pub(crate) fn watch(&mut self, no: ClientNo, tx: &str, watch: Watch) {
        self.forget(no, tx);
        let Some(client) = self.clients.get(&no) else {
            return;
        };
        if let Err(reason) = may_watch(&self.limits, client, &watch) {
            self.explain(Some(no), "ws:m:query", tx, Problem::fatal("", reason));
            return;
        }
        let at_once = self.generation != Generation::V2023 && client.waiting.bytes() <= AT_ONCE;
        self.watched.add(&watch.query.item_type);
        if let Some(client) = self.clients.get_mut(&no) {
            client.watches.insert(tx.to_owned(), watch);
        }
        let queued = if at_once {
            match self.whole(no, tx) {
                Some(message) => Queued::Message(message),
                None => return,
            }
        } else {
            if let Some(watch) = self.watch_of(no, tx) {
                watch.queued = true;
            }
            Queued::Whole(tx.to_owned())
        };
        self.queue(no, queued);
    }

    /// The whole answer to a query, as it is now; nothing when it cannot be sent, and the query ends.
    ///
    /// One that is too large for a message is sent without its largest entities: a few of them would keep everybody
    /// from seeing the others.
    pub(crate) fn whole(&mut self, no: ClientNo, tx: &str) -> Option<Message> {
        let problem = match self.answer(no, tx, usize::MAX)? {
            Ok(message) => return Some(message),
            Err(problem) if problem == TOO_LARGE => match self.answer(no, tx, LARGE)? {
                Ok(message) => {
                    let reason = format!(
                        "entities of more than {} are left out of its answer, which would be larger than the 64 MiB \
                         that a message may have",
                        size(LARGE)
                    );
                    self.explain(Some(no), "ws:m:query", tx, Problem::warning("", reason));
                    return Some(message);
                }
                Err(problem) => problem,
            },
            Err(problem) => problem,
        };
        self.forget(no, tx);
        self.explain(Some(no), "ws:m:query", tx, Problem::fatal("", problem));
        None
    }

    /// The answer to a query with the entities up to that size, or why there is none; nothing when the query is gone.
    fn answer(
        &mut self,
        no: ClientNo,
        tx: &str,
        largest: usize,
    ) -> Option<Result<Message, String>> {
        let generation = self.generation;
        let all: usize = self.clients.values().map(Client::query_weight).sum();
        let client = self.clients.get_mut(&no)?;
        let own = client.query_weight();
        let encoding = client.encoding();
        let watch = client.watches.get_mut(tx)?;
        watch.queued = false;
        let before = watch.weight();
        watch.known.clear();
        let mut upserts = Vec::new();
        for (id, entry) in self.store.of_type(&watch.query.item_type) {
            if entry.weight <= largest && watch.query.wants(id, &entry.item) {
                watch.known.insert(Arc::clone(id));
                upserts.push(&entry.item);
            }
        }
        let update = Update {
            sequence: watch.sequence,
            item_type: &watch.query.item_type,
            total: upserts.len(),
            upserts,
            deletes: Vec::new(),
        };
        let more = watch.weight().saturating_sub(before);
        let limits = &self.limits;
        let problem = if own + more > limits.query_bytes {
            Some(held_by_one(limits))
        } else if all + more > limits.query_bytes_of_all {
            Some(held_by_all(limits))
        } else {
            None
        };
        if let Some(problem) = problem {
            return Some(Err(problem));
        }
        let response = speaking::query_response(generation, tx, update);
        let message = codec::encode(encoding, &response);
        if message.is_some() {
            watch.sequence += 1;
        }
        Some(message.ok_or_else(|| TOO_LARGE.to_owned()))
    }

    /// Closes a query.
    pub(crate) fn forget(&mut self, no: ClientNo, tx: &str) {
        let client = self.clients.get_mut(&no);
        if let Some(watch) = client.and_then(|client| client.watches.remove(tx)) {
            self.watched.remove(&watch.query.item_type);
        }
    }

    /// Closes all queries of a client that is gone.
    pub(crate) fn forget_watches_of(&mut self, client: &Client) {
        for watch in client.watches.values() {
            self.watched.remove(&watch.query.item_type);
        }
    }

    fn watch_of(&mut self, no: ClientNo, tx: &str) -> Option<&mut Watch> {
        self.clients.get_mut(&no)?.watches.get_mut(tx)
    }
}

/// What is made for one client in one go.
struct Frames {
    queued: usize,
    most: usize,
}

impl Frames {
    fn are_too_much(&mut self, waits: usize, more: usize) -> bool {
        self.queued += more;
        waits + self.queued > self.most
    }
}

/// What a watcher is told of these changes, if it is told anything.
fn news<'a>(
    store: &'a Store,
    watch: &'a mut Watch,
    ids: &'a BTreeSet<Arc<str>>,
) -> Option<Update<'a>> {
    let (mut upserts, mut deletes): (Vec<&Item>, Vec<&str>) = (Vec::new(), Vec::new());
    for id in ids {
        let stored = store.get_key_value(&watch.query.item_type, id);
        let (id, item) = match stored {
            Some((id, entry)) => (id, Some(&entry.item)),
            None => (id, None),
        };
        match (watch.hears(id, item), item) {
            (Told::Upsert, Some(item)) => upserts.push(item),
            (Told::Delete, _) => deletes.push(id),
            _ => {}
        }
    }
    if upserts.is_empty() && deletes.is_empty() {
        return None;
    }
    Some(Update {
        sequence: watch.sequence,
        item_type: &watch.query.item_type,
        upserts,
        deletes,
        total: watch.known.len(),
    })
}

fn may_watch(limits: &Limits, client: &Client, watch: &Watch) -> Result<(), String> {
    if client.watches.len() >= limits.queries {
        return Err(format!(
            "the client has {} queries open, and may have no more: cancel those that it no longer needs",
            limits.queries
        ));
    }
    if client.query_weight() + watch.weight() > limits.query_bytes {
        return Err(held_by_one(limits));
    }
    Ok(())
}

fn held_by_one(limits: &Limits) -> String {
    format!(
        "the client's queries and the ids of what they found would take more than {}: cancel some, or ask for less",
        size(limits.query_bytes)
    )
}

fn held_by_all(limits: &Limits) -> String {
    format!(
        "the queries of all clients and the ids of what they found would take more than {}",
        size(limits.query_bytes_of_all)
    )
}
