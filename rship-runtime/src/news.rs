//! News: what a server must be told of the registry, apart from a whole registration.

use crate::items::ItemKey;
use crate::registry::{NodeId, Removed};

/// Something that the server must be told of the registry, apart from a whole registration.
pub(crate) enum News {
    /// A target with all that belongs to it.
    Added(NodeId),
    /// The description of a target.
    Changed(NodeId),
    /// The status of a target.
    Status(NodeId),
    /// A target that left its field: offline, but still known to the server.
    Left(Box<Removed>),
    /// A target that was removed.
    Removed(Box<Removed>),
    /// An instance, by its position.
    Instance(usize),
    /// What is known of a target beside its description.
    Details(NodeId),
    /// An item of the device's own.
    Item(ItemKey),
    /// An item of the device's own that was deleted, as it was.
    ItemDeleted(ItemKey, String),
    /// A query, by its transaction.
    Query(String),
    /// A frame that is ready to go, for this session alone.
    Frame(String),
}

impl News {
    /// Whether a server must be told even if it was said while there was no session, because a
    /// registration does not say it.
    pub(crate) fn is_lasting(&self) -> bool {
        matches!(
            self,
            Self::Removed(_) | Self::Left(_) | Self::ItemDeleted(..)
        )
    }

    /// The target in the registry that it tells of.
    pub(crate) fn node(&self) -> Option<NodeId> {
        match self {
            Self::Added(node) | Self::Changed(node) | Self::Status(node) | Self::Details(node) => {
                Some(*node)
            }
            _ => None,
        }
    }

    pub(crate) fn once(&self) -> Option<Once> {
        match self {
            Self::Changed(node) => Some(Once::Changed(*node)),
            Self::Status(node) => Some(Once::Status(*node)),
            Self::Details(node) => Some(Once::Details(*node)),
            Self::Instance(index) => Some(Once::Instance(*index)),
            Self::Item(key) => Some(Once::Item(key.clone())),
            _ => None,
        }
    }
}

/// News that says how something is when it is told, so that twice is no more than once.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Once {
    Changed(NodeId),
    Status(NodeId),
    Details(NodeId),
    Instance(usize),
    Item(ItemKey),
}
