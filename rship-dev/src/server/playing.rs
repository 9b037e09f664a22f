//! A state that a recording feeds: connections without a socket, and jumps in time.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::client::{Client, Queue};
use super::state::State;
use crate::store::ClientNo;

/// The connections of recordings have numbers from here on, so that none is that of a socket.
pub(crate) const PLAYED: ClientNo = 1_000_000;

/// A connection of a recording, held open.
#[derive(Debug)]
pub(crate) struct Played {
    queue: Queue,
    thrown_out: oneshot::Receiver<()>,
}

impl Played {
    /// Forgets what would be sent; whether it is still open.
    pub(crate) fn drain(&mut self) -> bool {
        while self.queue.try_recv().is_some() {}
        !matches!(
            self.thrown_out.try_recv(),
            Err(oneshot::error::TryRecvError::Closed)
        )
    }
}

impl State {
    /// Takes in a connection of a recording, under its number and the id that it had.
    pub(crate) fn open_played(&mut self, no: ClientNo, id: &str) -> Played {
        let waiting = Arc::clone(self.waiting_for_all());
        let (client, queue, thrown_out) = Client::new(id.to_owned(), None, waiting);
        self.clients.insert(no, client);
        Played { queue, thrown_out }
    }

    /// Leaves a connection of a recording as if it had never been: what belonged to it stays as it is.
    pub(crate) fn forget_played(&mut self, no: ClientNo) {
        self.clients.remove(&no);
    }

    /// Becomes as another state is: whoever watches is told what differs, and of nothing else.
    ///
    /// What the core says itself, about drops, is taken over, too.
    pub(crate) fn become_like(&mut self, other: &Self) {
        let mut gone = Vec::new();
        for item_type in self.store.types() {
            for (id, _) in self.store.of_type(item_type) {
                if other.store.get(item_type, id).is_none() {
                    gone.push((item_type.to_owned(), Arc::clone(id)));
                }
            }
        }
        for (item_type, id) in gone {
            self.delete(None, &item_type, &id);
        }
        for item_type in other.store.types() {
            for (id, entry) in other.store.of_type(item_type) {
                let now = self.store.get(item_type, id);
                if now.is_none_or(|now| now.item != entry.item || now.owner != entry.owner) {
                    self.put(item_type, id, entry.clone(), entry.owner);
                }
            }
        }
    }
}
