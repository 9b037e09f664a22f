//! Items of a device's own: published like the built-in entities, and announced again on each session.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::BytesMut;
use rship_core::entity::Item;
use rship_core::wire::item;

use crate::error::Error;

/// The type and the id of an item.
pub(crate) type ItemKey = (&'static str, String);

/// An item that is published now.
pub(crate) struct Published {
    pub(crate) json: Vec<u8>,
    /// Whether a server may know it.
    pub(crate) announced: bool,
}

/// The items that are published now.
#[derive(Default)]
pub(crate) struct Items {
    published: Mutex<BTreeMap<ItemKey, Published>>,
}

impl Items {
    pub(crate) fn published(&self) -> MutexGuard<'_, BTreeMap<ItemKey, Published>> {
        self.published
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps an item; `None` when it is published already, with the same content.
    pub(crate) fn keep<I: Item>(&self, item: &I, limit: usize) -> Result<Option<ItemKey>, Error> {
        let key = (I::TYPE, item.id().to_owned());
        let refused = |reason: String| Error::Item {
            item_type: key.0,
            id: key.1.clone(),
            reason,
        };
        let mut json = BytesMut::new();
        item::write(item, &mut json).map_err(|error| refused(error.to_string()))?;
        if json.len() > limit {
            return Err(Error::TooLarge {
                item_type: key.0,
                id: key.1,
                length: json.len(),
                limit,
            });
        }
        let json = json.to_vec();
        let written: serde_json::Value =
            serde_json::from_slice(&json).map_err(|error| refused(error.to_string()))?;
        if written.get("id").and_then(serde_json::Value::as_str) != Some(item.id()) {
            return Err(refused("its field `id` is not its id".to_owned()));
        }
        let mut published = self.published();
        let known = published.get(&key);
        if known.is_some_and(|known| known.json == json) {
            return Ok(None);
        }
        let announced = known.is_some_and(|known| known.announced);
        published.insert(key.clone(), Published { json, announced });
        Ok(Some(key))
    }

    /// Forgets an item, and returns what was published of it.
    pub(crate) fn forget(&self, key: &ItemKey) -> Option<Published> {
        self.published().remove(key)
    }
}
