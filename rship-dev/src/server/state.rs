//! What the server knows at one moment: entities, clients, open queries and commands.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rship_core::wire::Generation;
use serde_json::{Map, Value};
use tokio_tungstenite::tungstenite::Message;

pub(crate) use super::client::Outgoing;
use super::client::{Client, Queued};
use super::follow::Followed;
use super::limits::{Limits, size};
use super::routing::Pending;
use super::shared::Opened;
use super::watching::{AT_ONCE, Untold, Watched};
use super::window::Windows;
use crate::codec;
use crate::explained::{DROP_TYPE, Explained, Explanations, Verdict, WARNING_TYPE};
use crate::item::Item;
use crate::page::Looks;
use crate::reading::Problem;
use crate::reading::entities::has_client_id;
use crate::recorded::{Frames, Recorded};
use crate::speaking;
use crate::store::{
    Change, ClientNo, Entities, Entry, Store, StoreEvent, content_hash, hash_of, same_content,
};

/// How much that is wrong is explained of what comes at once; of the rest only the number is.
const EXPLAINED: usize = 100;

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) generation: Generation,
    pub(crate) store: Store,
    pub(crate) clients: BTreeMap<ClientNo, Client>,
    pub(crate) next_client: ClientNo,
    pub(crate) pending: BTreeMap<String, Pending>,
    pub(crate) windows: Windows,
    pub(crate) explanations: Explanations,
    pub(crate) frames: Frames,
    /// Of which types somebody follows the store's events.
    pub(crate) followed: Followed,
    pub(crate) watched: Watched,
    /// What pages look at.
    pub(crate) looks: Looks,
    pub(crate) limits: Limits,
    /// What waits to be sent, to all clients.
    waiting_for_all: Arc<AtomicUsize>,
    /// Clients for whom too much waits; they are closed at the end of the transaction.
    pub(crate) overflowed: BTreeSet<ClientNo>,
    /// The same for those whose queries hold too much.
    pub(crate) overwatched: BTreeSet<ClientNo>,
    untold: Untold,
    events: Vec<StoreEvent>,
    /// How much was explained in this transaction.
    explained: usize,
}

impl State {
    pub(crate) fn new(
        generation: Generation,
        window: Duration,
        entities: Entities,
        limits: Limits,
    ) -> Self {
        Self {
            generation,
            store: entities.store,
            clients: BTreeMap::new(),
            next_client: entities.next_client,
            pending: BTreeMap::new(),
            windows: Windows::new(window),
            explanations: Explanations::default(),
            frames: Frames::default(),
            followed: Followed::default(),
            watched: Watched::default(),
            looks: Looks::default(),
            limits,
            waiting_for_all: Arc::default(),
            overflowed: BTreeSet::new(),
            overwatched: BTreeSet::new(),
            untold: Untold::new(),
            events: Vec::new(),
            explained: 0,
        }
    }

    /// Takes in a new connection and greets it as the generation does.
    pub(crate) fn open(&mut self) -> Opened {
        let no = self.next_client;
        self.next_client += 1;
        let (id, tx) = (speaking::new_tx(), speaking::new_tx());
        let greeting = speaking::set_id(self.generation, &id, &tx);
        let set_id_tx = greeting.is_some().then_some(tx);
        let (client, queue, thrown_out) =
            Client::new(id, set_id_tx, Arc::clone(&self.waiting_for_all));
        let binary = Arc::clone(&client.binary);
        self.clients.insert(no, client);
        if let Some(greeting) = greeting {
            self.send(no, Outgoing::Document(greeting));
        }
        Opened {
            no,
            queue,
            binary,
            thrown_out,
        }
    }

    /// The count of what waits for all clients.
    pub(crate) const fn waiting_for_all(&self) -> &Arc<AtomicUsize> {
        &self.waiting_for_all
    }

    /// Sends something to a client; never waits.
    pub(crate) fn send(&mut self, to: ClientNo, what: Outgoing) {
        let Some(client) = self.clients.get(&to) else {
            return;
        };
        let queued = match what {
            Outgoing::Document(document) => match codec::encode(client.encoding(), &document) {
                Some(message) => Queued::Message(message),
                None => {
                    let reason = "it would be larger than the 64 MiB that a message may have, and was not sent";
                    self.explain(Some(to), "frame", "", Problem::fatal("", reason));
                    return;
                }
            },
            Outgoing::Bare(text) => Queued::Message(Message::text(text)),
            Outgoing::Raw(text) => Queued::Message(Message::text(text)),
        };
        self.queue(to, queued);
    }

    /// Puts something into a client's queue; never waits.
    pub(crate) fn queue(&mut self, to: ClientNo, queued: Queued) {
        if let Some(client) = self.clients.get(&to) {
            client.queue(queued);
            if client.waiting.bytes() > self.limits.waiting {
                self.overflowed.insert(to);
            }
            self.look_for_overflow();
        }
    }

    /// When too much waits for all clients together, the one for whom most waits has to go.
    pub(crate) fn look_for_overflow(&mut self) {
        if self.waiting_for_all.load(Ordering::Relaxed) <= self.limits.waiting_for_all {
            return;
        }
        let slowest = self
            .clients
            .iter()
            .max_by_key(|(_, client)| client.waiting.bytes());
        self.overflowed.extend(slowest.map(|(no, _)| *no));
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
        self.explained += 1;
        if self.explained > EXPLAINED {
            return;
        }
        let client_id = self.client_id(from);
        self.add(Explained::new(item_type, id, problem, client_id));
    }

    /// Keeps a frame that came in.
    pub(crate) fn record(&mut self, frame: Recorded) {
        if self.frames.keep(frame, self.limits.recorded) {
            let reason = format!(
                "more than {} of frames were recorded, and the oldest are forgotten",
                size(self.limits.recorded)
            );
            self.explain(None, "frame", "", Problem::fatal("", reason));
        }
    }

    /// Says how much was not explained of what came at once.
    fn explain_the_rest(&mut self) {
        let rest = std::mem::take(&mut self.explained).saturating_sub(EXPLAINED);
        if rest > 0 {
            let reason = format!(
                "{rest} more things were wrong with what came at once, of which only {EXPLAINED} are explained"
            );
            let problem = Problem::fatal("", reason);
            self.add(Explained::new("frame", "", problem, String::new()));
        }
    }

    fn add(&mut self, new: Explained) {
        let (explained, oldest) = self.explanations.add(new);
        let stored_as = |explained: &Explained| match explained.verdict {
            Verdict::Dropped => DROP_TYPE,
            Verdict::Kept => WARNING_TYPE,
        };
        if let Some(oldest) = oldest {
            self.delete(None, stored_as(&oldest), &oldest.key());
        }
        let key = explained.key();
        let mut item = match serde_json::to_value(&explained) {
            Ok(Value::Object(item)) => item,
            _ => Map::new(),
        };
        item.insert("id".to_owned(), key.clone().into());
        item.insert("text".to_owned(), explained.to_string().into());
        let entry = Entry::new(&key, Item::new(&item), None).with_hash("");
        self.put(stored_as(&explained), &key, entry, None);
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
        let mut entry = Entry::new(id, Item::new(&item), Some(from));
        if self.generation != Generation::V2026 {
            let hash = hash_of(&item);
            if let Some(old) = self.store.get_mut(item_type, id)
                && old.hash() == hash
            {
                if !same_content(&old.item.fields(), &item) {
                    let reason = format!(
                        "`hash` is still `{hash}` though the content changed, a {} server hides such an update from everyone watching",
                        self.generation
                    );
                    self.explain(Some(from), item_type, id, Problem::fatal("hash", reason));
                    return;
                }
                old.owner = Some(from);
                self.note(Change::Set, item_type, id, &entry.item, Some(from), true);
                return;
            }
            entry = entry.with_hash(hash);
        }
        self.put_from(from, item_type, id, entry);
    }

    /// Stores an entity that a client sent, if there is room.
    pub(crate) fn put_from(&mut self, from: ClientNo, item_type: &str, id: &str, entry: Entry) {
        match self.has_room(item_type, id, &entry) {
            Ok(()) => self.put(item_type, id, entry, Some(from)),
            Err(reason) => self.explain(Some(from), item_type, id, Problem::fatal("", reason)),
        }
    }

    /// Whether the store may take an entity.
    pub(crate) fn has_room(&self, item_type: &str, id: &str, entry: &Entry) -> Result<(), String> {
        let old = self.store.get(item_type, id);
        if old.is_none() && self.store.count() >= self.limits.entities {
            return Err(format!(
                "the store has {} entities and takes no more",
                self.limits.entities
            ));
        }
        let others = self.store.weight() - old.map_or(0, |old| old.weight);
        if others + entry.weight > self.limits.store {
            return Err(format!(
                "the store would take more than {} with it",
                size(self.limits.store)
            ));
        }
        Ok(())
    }

    /// Deletes an entity.
    pub(crate) fn delete(&mut self, from: Option<ClientNo>, item_type: &str, id: &str) {
        if let Some(entry) = self.store.remove(item_type, id) {
            self.note(Change::Del, item_type, id, &entry.item, from, false);
            self.tell_later(item_type, id);
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
        let mut item = stored.map_or_else(Map::new, |entry| entry.item.fields());
        item.extend(fields);
        item.insert("id".to_owned(), id.into());
        // Else the same entity sent again after a reconnect would count as unchanged.
        let hash = content_hash(&item);
        if self.generation != Generation::V2026 && item.contains_key("hash") {
            item.insert("hash".to_owned(), hash.clone().into());
        }
        let entry = Entry::new(id, Item::new(&item), owner).with_hash(hash);
        self.put(item_type, id, entry, None);
    }

    /// Writes the status of an entity whose connection ended.
    fn mark(&mut self, item_type: &str, id: &str, status: &str) {
        let status = Map::from_iter([("status".to_owned(), status.into())]);
        self.change(item_type, id, status, None);
    }

    /// Stores an entity as it is.
    pub(crate) fn put(&mut self, item_type: &str, id: &str, entry: Entry, from: Option<ClientNo>) {
        let asked = self.followed.has(item_type) || self.looks.asks(item_type);
        let old = self.store.get(item_type, id).filter(|_| asked);
        let unchanged = old.is_some_and(|old| old.item == entry.item);
        self.note(Change::Set, item_type, id, &entry.item, from, unchanged);
        if item_type == "Pulse" {
            self.tell_before_pulse(id);
        }
        self.tell_later(item_type, id);
        self.store.insert(item_type, id, entry);
    }

    /// Tells a pulse that nobody was told yet before another takes its place, so that each impulse of a frame counts;
    /// for whoever is behind, the newest is enough.
    pub(super) fn tell_before_pulse(&mut self, id: &str) {
        let untold = self.untold.get("Pulse");
        if !untold.is_some_and(|ids| ids.contains(id)) {
            return;
        }
        let mut watching = self
            .clients
            .values()
            .filter(|client| !client.watches.is_empty());
        if watching.all(|client| client.waiting.bytes() <= AT_ONCE) {
            let untold = std::mem::take(&mut self.untold);
            self.tell(&untold);
        }
    }

    pub(crate) fn tell_later(&mut self, item_type: &str, id: &str) {
        if !self.watched.is(item_type) {
            return;
        }
        let id = match self.store.get_key_value(item_type, id) {
            Some((id, _)) => Arc::clone(id),
            None => id.into(),
        };
        match self.untold.get_mut(item_type) {
            Some(ids) => drop(ids.insert(id)),
            None => drop(
                self.untold
                    .insert(item_type.to_owned(), BTreeSet::from([id])),
            ),
        }
    }

    fn note(
        &mut self,
        change: Change,
        item_type: &str,
        id: &str,
        item: &Item,
        from: Option<ClientNo>,
        unchanged: bool,
    ) {
        self.looks
            .note(change, item_type, id, item, from, unchanged);
        if self.followed.has(item_type) {
            self.events.push(StoreEvent {
                change,
                item_type: item_type.to_owned(),
                id: id.to_owned(),
                item: item.value(),
                client_id: from
                    .and_then(|from| self.clients.get(&from))
                    .map(|client| client.id.clone()),
                unchanged,
            });
        }
    }

    /// Forgets a connection and marks what belonged to it.
    pub(crate) fn close(&mut self, no: ClientNo) {
        let Some(client) = self.clients.remove(&no) else {
            return;
        };
        self.forget_watches_of(&client);
        let owned = |store: &Store, item_type: &str| -> BTreeSet<Arc<str>> {
            store
                .of_type(item_type)
                .filter(|(_, entry)| entry.owner == Some(no))
                .map(|(id, _)| Arc::clone(id))
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
                    let [instance, status] = entry.item.strings(["instanceId", "status"]);
                    instance.is_some_and(|id| instances.contains(&*id))
                        && status.as_deref() != Some("offline")
                })
                .map(|(id, _)| Arc::clone(id))
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
        self.explain_the_rest();
        loop {
            let untold = std::mem::take(&mut self.untold);
            if !untold.is_empty() {
                self.tell(&untold);
            }
            let overflowed = std::mem::take(&mut self.overflowed);
            let overwatched = std::mem::take(&mut self.overwatched);
            if overflowed.is_empty() && overwatched.is_empty() && self.untold.is_empty() {
                self.explained = 0;
                return std::mem::take(&mut self.events);
            }
            for no in overflowed {
                let waiting = self.clients.get(&no).map(|client| client.waiting.bytes());
                let reason = format!(
                    "it read too slowly: {} waited for it, and it was disconnected",
                    size(waiting.unwrap_or_default())
                );
                self.throw_out(no, reason);
            }
            for no in overwatched {
                let reason = format!(
                    "its queries found so much that their ids take more than {}, and it was disconnected",
                    size(self.limits.query_bytes)
                );
                self.throw_out(no, reason);
            }
        }
    }

    /// Ends a connection, and says why.
    pub(crate) fn throw_out(&mut self, no: ClientNo, reason: String) {
        if self.clients.contains_key(&no) {
            let id = self.client_id(Some(no));
            self.explain(Some(no), "connection", &id, Problem::fatal("", reason));
            self.close(no);
        }
    }

    /// Makes the Machine that an Instance names.
    pub(crate) fn make_machine(&mut self, instance: &Map<String, Value>) {
        if let Some(id) = instance
            .get("machineId")
            .and_then(Value::as_str)
            .map(ToOwned::to_owned)
        {
            let named = ["id", "name", "dnsName", "execName"];
            let names = named.map(|name| (name.to_owned(), id.clone().into()));
            let mut item = Map::from_iter(names);
            item.insert("addresses".to_owned(), Value::Array(Vec::new()));
            let entry = Entry::new(&id, Item::new(&item), None).with_hash("");
            match self.has_room("Machine", &id, &entry) {
                Ok(()) => self.put("Machine", &id, entry, None),
                Err(reason) => self.explain(None, "Machine", &id, Problem::fatal("", reason)),
            }
        }
    }
}
