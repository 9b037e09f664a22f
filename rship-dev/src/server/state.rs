//! What the server knows at one moment: entities, clients, open queries and commands.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use rship_core::wire::Generation;
use serde_json::{Map, Value, json};
use tokio::sync::{mpsc, oneshot};

use super::routing::Pending;
use super::window::Windows;
use crate::explained::{DROP_TYPE, Explained, Explanations, Verdict, WARNING_TYPE};
use crate::query::{Told, Watch};
use crate::reading::Problem;
use crate::reading::entities::has_client_id;
use crate::recorded::Recorded;
use crate::speaking::{self, Update};
use crate::store::{
    Change, ClientNo, Entities, Entry, Store, StoreEvent, content_hash, hash_of, same_content,
};

/// How many frames may wait for one client before it is disconnected.
pub(crate) const MAX_WAITING: usize = 10_000;

/// Something on its way to a client.
#[derive(Debug)]
pub(crate) enum Outgoing {
    Document(Value),
    /// A text that is not a document.
    Bare(&'static str),
    /// A text of the library's user, as it is.
    Raw(String),
    /// The whole answer to the query with this tx, looked up when it is sent.
    Whole(String),
}

/// An open connection.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) id: String,
    /// The tx of the set-id command, which some executors answer.
    pub(crate) set_id_tx: Option<String>,
    pub(crate) queue: mpsc::Sender<Outgoing>,
    /// Whether it sent a binary frame; from the first on it is answered in such.
    pub(crate) binary: Arc<AtomicBool>,
    pub(crate) watches: BTreeMap<String, Watch>,
    /// The session ends when this is dropped.
    pub(crate) _alive: oneshot::Sender<()>,
}

/// A change that the watchers have not been told yet.
#[derive(Debug)]
struct Untold {
    item_type: String,
    id: String,
    item: Option<Value>,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) generation: Generation,
    pub(crate) store: Store,
    pub(crate) clients: BTreeMap<ClientNo, Client>,
    pub(crate) next_client: ClientNo,
    pub(crate) pending: BTreeMap<String, Pending>,
    pub(crate) windows: Windows,
    pub(crate) explanations: Explanations,
    pub(crate) frames: Vec<Recorded>,
    /// Whether somebody follows the store's events.
    pub(crate) followed: bool,
    /// Clients whose queue is full; they are closed at the end of the transaction.
    overflowed: BTreeSet<ClientNo>,
    untold: Vec<Untold>,
    events: Vec<StoreEvent>,
}

impl State {
    pub(crate) fn new(generation: Generation, window: Duration, entities: Entities) -> Self {
        Self {
            generation,
            store: entities.store,
            clients: BTreeMap::new(),
            next_client: entities.next_client,
            pending: BTreeMap::new(),
            windows: Windows::new(window),
            explanations: Explanations::default(),
            frames: Vec::new(),
            followed: false,
            overflowed: BTreeSet::new(),
            untold: Vec::new(),
            events: Vec::new(),
        }
    }

    /// Puts something into a client's queue; never waits.
    pub(crate) fn send(&mut self, to: ClientNo, what: Outgoing) {
        let Some(client) = self.clients.get(&to) else {
            return;
        };
        if let Err(mpsc::error::TrySendError::Full(_)) = client.queue.try_send(what) {
            self.overflowed.insert(to);
        }
    }

    /// The id of the client, empty for the server itself.
    pub(crate) fn client_id(&self, no: Option<ClientNo>) -> String {
        no.and_then(|no| self.clients.get(&no))
            .map(|client| client.id.clone())
            .unwrap_or_default()
    }

    /// Explains what is wrong with something a client sent.
    pub(crate) fn explain(
        &mut self,
        from: Option<ClientNo>,
        item_type: &str,
        id: &str,
        problem: Problem,
    ) {
        let (explained, oldest) = self.explanations.add(Explained {
            item_type: item_type.to_owned(),
            id: id.to_owned(),
            field: problem.field,
            reason: problem.reason,
            client_id: self.client_id(from),
            count: 1,
            verdict: problem.verdict,
            number: 0,
        });
        let stored_as = |explained: &Explained| match explained.verdict {
            Verdict::Dropped => DROP_TYPE,
            Verdict::Kept => WARNING_TYPE,
        };
        if let Some(oldest) = oldest {
            self.delete(None, stored_as(&oldest), &oldest.key());
        }
        let key = explained.key();
        let mut item = serde_json::to_value(&explained).unwrap_or_default();
        item["id"] = key.clone().into();
        item["text"] = explained.to_string().into();
        self.put(
            stored_as(&explained),
            &key,
            Entry {
                item,
                owner: None,
                hash: String::new(),
            },
            None,
        );
    }

    /// Stores an entity that a client sent and that this generation can read.
    pub(crate) fn set(
        &mut self,
        from: ClientNo,
        item_type: &str,
        id: &str,
        mut item: Map<String, Value>,
    ) {
        if self.generation == Generation::V2026 && has_client_id(item_type) {
            item.insert("clientId".to_owned(), self.client_id(Some(from)).into());
        }
        // A 2023 status may come without an id; it is found under the one of later generations.
        if item.get("id").is_none_or(Value::is_null) {
            item.insert("id".to_owned(), id.into());
        }
        let hash = hash_of(&item);
        if let Some(old) = self.store.get_mut(item_type, id) {
            let same = old
                .item
                .as_object()
                .is_some_and(|old| same_content(old, &item));
            if self.generation != Generation::V2026 && old.hash == hash {
                if !same {
                    let reason = format!(
                        "`hash` is still `{hash}` though the content changed, a {} server hides such an update from everyone watching",
                        self.generation
                    );
                    self.explain(Some(from), item_type, id, Problem::fatal("hash", reason));
                    return;
                }
                old.owner = Some(from);
                self.note(
                    Change::Set,
                    item_type,
                    id,
                    &Value::Object(item),
                    Some(from),
                    true,
                );
                return;
            }
        }
        self.put(
            item_type,
            id,
            Entry {
                item: Value::Object(item),
                owner: Some(from),
                hash,
            },
            Some(from),
        );
    }

    /// Deletes an entity.
    pub(crate) fn delete(&mut self, from: Option<ClientNo>, item_type: &str, id: &str) {
        if let Some(entry) = self.store.remove(item_type, id) {
            self.note(Change::Del, item_type, id, &entry.item, from, false);
            self.tell_later(item_type, id, None);
        }
    }

    /// Sets fields of an entity on the server's own account.
    pub(crate) fn change(
        &mut self,
        item_type: &str,
        id: &str,
        fields: Map<String, Value>,
        owner: Option<ClientNo>,
    ) {
        let stored = self.store.get(item_type, id);
        let mut item = match stored.map(|entry| &entry.item) {
            Some(Value::Object(item)) => item.clone(),
            _ => Map::new(),
        };
        item.extend(fields);
        item.insert("id".to_owned(), id.into());
        // Else the same entity sent again after a reconnect would count as unchanged.
        let hash = content_hash(&item);
        if self.generation != Generation::V2026 && item.contains_key("hash") {
            item.insert("hash".to_owned(), hash.clone().into());
        }
        let item = Value::Object(item);
        self.put(item_type, id, Entry { item, owner, hash }, None);
    }

    /// Writes the status of an entity whose connection ended.
    fn mark(&mut self, item_type: &str, id: &str, status: &str) {
        let status = Map::from_iter([("status".to_owned(), status.into())]);
        self.change(item_type, id, status, None);
    }

    fn put(&mut self, item_type: &str, id: &str, entry: Entry, from: Option<ClientNo>) {
        let unchanged = self
            .store
            .get(item_type, id)
            .is_some_and(|old| old.item == entry.item);
        self.note(Change::Set, item_type, id, &entry.item, from, unchanged);
        self.tell_later(item_type, id, Some(&entry.item));
        self.store.insert(item_type, id, entry);
    }

    fn tell_later(&mut self, item_type: &str, id: &str, item: Option<&Value>) {
        let mut watches = self
            .clients
            .values()
            .flat_map(|client| client.watches.values());
        if watches.any(|watch| watch.query.item_type == item_type) {
            self.untold.push(Untold {
                item_type: item_type.to_owned(),
                id: id.to_owned(),
                item: item.cloned(),
            });
        }
    }

    fn note(
        &mut self,
        change: Change,
        item_type: &str,
        id: &str,
        item: &Value,
        from: Option<ClientNo>,
        unchanged: bool,
    ) {
        if self.followed {
            self.events.push(StoreEvent {
                change,
                item_type: item_type.to_owned(),
                id: id.to_owned(),
                item: item.clone(),
                client_id: from
                    .and_then(|from| self.clients.get(&from))
                    .map(|client| client.id.clone()),
                unchanged,
            });
        }
    }

    /// Forgets a connection and marks what belonged to it.
    pub(crate) fn close(&mut self, no: ClientNo) {
        if self.clients.remove(&no).is_none() {
            return;
        }
        let owned = |store: &Store, item_type: &str| -> Vec<String> {
            store
                .of_type(item_type)
                .filter(|(_, entry)| entry.owner == Some(no))
                .map(|(id, _)| id.to_owned())
                .collect()
        };
        let instances = owned(&self.store, "Instance");
        for id in &instances {
            self.mark("Instance", id, "Unavailable");
        }
        for item_type in ["TargetStatus", "ActionStatus", "EmitterStatus"] {
            let statuses: Vec<_> = self
                .store
                .of_type(item_type)
                .filter(|(_, entry)| {
                    entry.item["instanceId"]
                        .as_str()
                        .is_some_and(|id| instances.iter().any(|instance| instance == id))
                        && entry.item["status"] != "offline"
                })
                .map(|(id, _)| id.to_owned())
                .collect();
            for id in statuses {
                self.mark(item_type, &id, "offline");
            }
        }
        self.windows.take_offline(&instances);
        for id in owned(&self.store, "Pulse") {
            self.delete(None, "Pulse", &id);
        }
        self.fail_commands_of(no);
    }

    /// Ends a transaction: tells the watchers, and returns the events for those who follow the store.
    pub(crate) fn settle(&mut self) -> Vec<StoreEvent> {
        loop {
            let untold = std::mem::take(&mut self.untold);
            if !untold.is_empty() {
                self.tell(&untold);
            }
            let overflowed = std::mem::take(&mut self.overflowed);
            if overflowed.is_empty() && self.untold.is_empty() {
                return std::mem::take(&mut self.events);
            }
            for no in overflowed {
                let reason = format!(
                    "it read too slowly: {MAX_WAITING} frames waited for it, and it was disconnected"
                );
                let id = self.client_id(Some(no));
                self.explain(Some(no), "connection", &id, Problem::fatal("", reason));
                self.close(no);
            }
        }
    }

    fn tell(&mut self, untold: &[Untold]) {
        let generation = self.generation;
        let mut frames = Vec::new();
        for (no, client) in &mut self.clients {
            for (tx, watch) in &mut client.watches {
                // An entity that changed twice in one transaction is told as it is last, and one that came and went not
                // at all.
                let mut upserts = BTreeMap::new();
                let mut deletes = BTreeSet::new();
                let mut new = BTreeSet::new();
                for change in untold {
                    if change.item_type != watch.query.item_type {
                        continue;
                    }
                    if !watch.known.contains(&change.id) && !deletes.contains(&change.id) {
                        new.insert(&change.id);
                    }
                    match watch.hears(&change.id, change.item.as_ref()) {
                        Told::Upsert => {
                            deletes.remove(&change.id);
                            upserts.insert(&change.id, change.item.clone().unwrap_or_default());
                        }
                        Told::Delete => {
                            upserts.remove(&change.id);
                            if !new.contains(&change.id) {
                                deletes.insert(change.id.clone());
                            }
                        }
                        Told::Nothing => {}
                    }
                }
                if upserts.is_empty() && deletes.is_empty() {
                    continue;
                }
                if generation == Generation::V2023 {
                    if !std::mem::replace(&mut watch.queued, true) {
                        frames.push((*no, Outgoing::Whole(tx.clone())));
                    }
                    continue;
                }
                let update = Update {
                    sequence: watch.sequence,
                    item_type: watch.query.item_type.clone(),
                    upserts: upserts.into_values().collect(),
                    deletes: deletes.into_iter().collect(),
                    total: watch.known.len(),
                };
                watch.sequence += 1;
                frames.push((
                    *no,
                    Outgoing::Document(speaking::query_response(generation, tx, update)),
                ));
            }
        }
        for (no, frame) in frames {
            self.send(no, frame);
        }
    }

    /// Opens a query and queues its first answer; the same tx again starts afresh.
    pub(crate) fn watch(&mut self, no: ClientNo, tx: &str, mut watch: Watch) {
        let upserts = self.answer(&mut watch);
        let frame = if self.generation == Generation::V2023 {
            watch.queued = true;
            Outgoing::Whole(tx.to_owned())
        } else {
            let update = Update {
                sequence: 0,
                item_type: watch.query.item_type.clone(),
                total: upserts.len(),
                upserts,
                deletes: Vec::new(),
            };
            watch.sequence = 1;
            Outgoing::Document(speaking::query_response(self.generation, tx, update))
        };
        if let Some(client) = self.clients.get_mut(&no) {
            client.watches.insert(tx.to_owned(), watch);
        }
        self.send(no, frame);
    }

    /// The whole answer to a 2023 query, as it is now.
    pub(crate) fn whole(&mut self, no: ClientNo, tx: &str) -> Option<Value> {
        let watch = self.clients.get_mut(&no)?.watches.get_mut(tx)?;
        watch.queued = false;
        let update = Update {
            sequence: 0,
            item_type: watch.query.item_type.clone(),
            upserts: wanted(&self.store, watch).collect(),
            deletes: Vec::new(),
            total: 0,
        };
        Some(speaking::query_response(self.generation, tx, update))
    }

    fn answer(&self, watch: &mut Watch) -> Vec<Value> {
        let upserts: Vec<_> = wanted(&self.store, watch).collect();
        watch.known = upserts
            .iter()
            .filter_map(|item| item["id"].as_str())
            .map(ToOwned::to_owned)
            .collect();
        upserts
    }

    /// Makes the Machine that an Instance names.
    pub(crate) fn make_machine(&mut self, instance: &Map<String, Value>) {
        if let Some(id) = instance
            .get("machineId")
            .and_then(Value::as_str)
            .map(ToOwned::to_owned)
        {
            let item =
                json!({"id": id, "name": id, "dnsName": id, "execName": id, "addresses": []});
            self.put(
                "Machine",
                &id,
                Entry {
                    item,
                    owner: None,
                    hash: String::new(),
                },
                None,
            );
        }
    }
}

fn wanted<'a>(store: &'a Store, watch: &'a Watch) -> impl Iterator<Item = Value> + 'a {
    store
        .of_type(&watch.query.item_type)
        .filter(|(id, entry)| watch.query.wants(id, &entry.item))
        .map(|(_, entry)| entry.item.clone())
}
