//! Items of a device's own: published like the built-in entities, and told again on each session.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::BytesMut;
use rship_core::entity::Item;
use rship_core::wire::item;

use crate::error::Error;

/// The type and the id of an item.
pub(crate) type ItemKey = (&'static str, String);

/// The items that are published now, as JSON.
#[derive(Default)]
pub(crate) struct Items {
    published: Mutex<BTreeMap<ItemKey, Vec<u8>>>,
}

impl Items {
    pub(crate) fn published(&self) -> MutexGuard<'_, BTreeMap<ItemKey, Vec<u8>>> {
        self.published
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps an item; `None` when it is published already, with the same content.
    pub(crate) fn keep<I: Item>(&self, item: &I) -> Result<Option<ItemKey>, Error> {
        let key = (I::TYPE, item.id().to_owned());
        let refused = |reason: String| Error::Item {
            item_type: key.0,
            id: key.1.clone(),
            reason,
        };
        let mut json = BytesMut::new();
        item::write(item, &mut json).map_err(|error| refused(error.to_string()))?;
        let json = json.to_vec();
        let written: serde_json::Value =
            serde_json::from_slice(&json).map_err(|error| refused(error.to_string()))?;
        if written.get("id").and_then(serde_json::Value::as_str) != Some(item.id()) {
            return Err(refused("its field `id` is not its id".to_owned()));
        }
        let mut published = self.published();
        if published.get(&key) == Some(&json) {
            return Ok(None);
        }
        published.insert(key.clone(), json);
        Ok(Some(key))
    }

    /// Forgets an item, and returns what was published of it.
    pub(crate) fn forget(&self, key: &ItemKey) -> Option<Vec<u8>> {
        self.published().remove(key)
    }
}
