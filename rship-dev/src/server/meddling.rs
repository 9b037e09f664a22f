//! What a test does to a server: make it forget, lie, stall and hang up.

use serde_json::Value;

use super::LocalCore;
use super::state::Outgoing;

impl LocalCore {
    /// Sends a frame as it is, to the executor of one instance or to every client; returns to how many.
    ///
    /// It is the way to say what no server should.
    pub fn send_frame(&self, instance_id: Option<&str>, frame: &Value) -> usize {
        self.shared.transact(|state| {
            let clients: Vec<_> = match instance_id {
                Some(instance) => state.owner_of(instance).into_iter().collect(),
                None => state.clients.keys().copied().collect(),
            };
            for no in &clients {
                state.send(*no, Outgoing::Document(frame.clone()));
            }
            clients.len()
        })
    }

    /// Sends a text to every client, whether it is a frame or not; returns to how many.
    pub fn send_text(&self, text: &str) -> usize {
        self.shared.transact(|state| {
            let clients: Vec<_> = state.clients.keys().copied().collect();
            for no in &clients {
                state.send(*no, Outgoing::Raw(text.to_owned()));
            }
            clients.len()
        })
    }

    /// Drops all sockets without a word; the server stays, and what belonged to them is marked.
    pub fn disconnect_all(&self) {
        self.shared.transact(|state| {
            let clients: Vec<_> = state.clients.keys().copied().collect();
            for no in clients {
                state.close(no);
            }
        });
    }

    /// Loses an entity of its own accord: it is gone from the store and watchers are told of a deletion, as after a
    /// server's mistake. Returns whether it was there.
    ///
    /// What waits in a window ([`Builder::window`](super::Builder::window)) is not touched.
    pub fn lose(&self, item_type: &str, id: &str) -> bool {
        self.shared.transact(|state| {
            let there = state.store.get(item_type, id).is_some();
            state.delete(None, item_type, id);
            there
        })
    }

    /// Changes an entity as if somebody else did: `fields` replace those that it has, the others stay, and watchers
    /// are told. One that is not there is made of the fields.
    ///
    /// It still belongs to the connection that set it last, so commands go there and its end marks it. Returns whether
    /// anything was done: `fields` has to be an object.
    ///
    /// ```
    /// # let _ = async |core: rship_dev::LocalCore| {
    /// core.overwrite("Instance", "stand-1", serde_json::json!({"status": "Unavailable"}));
    /// # };
    /// ```
    pub fn overwrite(&self, item_type: &str, id: &str, fields: Value) -> bool {
        let Value::Object(fields) = fields else {
            return false;
        };
        self.shared.transact(|state| {
            let owner = state.store.get(item_type, id).and_then(|entry| entry.owner);
            state.change(item_type, id, fields, owner);
        });
        true
    }

    /// Stops to read from all clients, those that connect later included, or goes on reading.
    ///
    /// Sockets stay open and what the server has to say is still sent; what clients send fills the buffers of the
    /// network, then theirs. A WebSocket ping is not answered either. What was read before counts as received.
    pub fn stall_reading(&self, stall: bool) {
        self.shared.stalled.send_replace(stall);
    }
}
