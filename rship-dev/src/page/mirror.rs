//! What another server has, shown by this core.

use std::collections::BTreeSet;
use std::sync::Arc;

use rship_core::wire::QueryResponse;
use serde_json::Value;
use tokio::sync::mpsc;

use super::{Handed, Source};
use crate::item::Item;
use crate::reading::Problem;
use crate::server::shared::Shared;
use crate::server::state::State;
use crate::store::Entry;

/// How many actions wait to be handed on.
const HANDED: usize = 256;

/// A core that shows what another server has, and has nothing of its own.
#[derive(Debug)]
pub(crate) struct Mirror {
    shared: Arc<Shared>,
}

impl Mirror {
    /// Makes a mirror of a core; actions are to be run by whoever takes them from the other end.
    pub(crate) fn new(shared: Arc<Shared>, from: &str) -> (Self, mpsc::Receiver<Handed>) {
        let (hand, handed) = mpsc::channel(HANDED);
        shared.house.hand_on(hand);
        shared.house.about.send_modify(|about| {
            about.source = Source::Server;
            about.from = Some(from.to_owned());
        });
        (Self { shared }, handed)
    }

    /// Why no commands are taken for now, or that they are.
    pub(crate) fn read_only(&self, why: Option<String>) {
        self.shared.house.about.send_if_modified(|about| {
            let news = about.read_only != why;
            about.read_only = why;
            news
        });
    }

    /// Takes a part of the answer to a query for all entities of a type.
    pub(crate) fn take(&self, item_type: &str, found: QueryResponse) {
        self.shared.transact(|state| {
            if found.fresh {
                let here: BTreeSet<&str> = found.upserts.iter().map(|(id, _)| &**id).collect();
                let all = state.store.of_type(item_type);
                let gone = all.filter(|(id, _)| !here.contains(&***id));
                let gone: Vec<_> = gone.map(|(id, _)| Arc::clone(id)).collect();
                for id in gone {
                    state.delete(None, item_type, &id);
                }
            }
            for id in &found.deletes {
                state.delete(None, item_type, id);
            }
            for (id, item) in found.upserts {
                // 2023 tells everything again each time.
                let known = state.store.get(item_type, &id);
                if !found.fresh || known.is_none_or(|known| known.item.value() != item) {
                    put(state, item_type, &id, item);
                }
            }
        });
    }
}

fn put(state: &mut State, item_type: &str, id: &str, item: Value) {
    let Value::Object(item) = item else {
        return;
    };
    let entry = Entry::new(id, Item::new(&item), None);
    match state.has_room(item_type, id, &entry) {
        Ok(()) => state.put(item_type, id, entry, None),
        Err(reason) => state.explain(None, item_type, id, Problem::fatal("", reason)),
    }
}
