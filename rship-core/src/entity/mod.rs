//! The entities of the Myko protocol, written as the superset that every generation of server accepts.
//!
//! Field names and which of them a server insists on are those of the published protocol document
//! (2023) and of what a Myko 6 server was seen to accept (2026). `hash` is in none of these types: it
//! is computed from the written content when an entity goes on the wire, see
//! [`wire::item`](crate::wire::item).

mod instance;
mod member;
mod place;
mod status;
mod target;

use serde::Serialize;

pub use instance::{Instance, InstanceStatus, Machine};
pub use member::{Action, Emitter, LayoutField, WritesTo};
pub use place::{Position, TargetLayout, TargetTopology};
pub use status::{ActionStatus, EmitterStatus, Status, TargetStatus};
pub use target::Target;

/// Something that a server stores under a type name and an id.
pub trait Item: Serialize {
    /// The `itemType` of its events.
    const TYPE: &'static str;

    /// Unique among all items of the type in the whole network, and stable over restarts.
    fn id(&self) -> &str;

    /// A field that is written but is not content: it does not take part in `hash`.
    fn volatile(&self) -> Option<(&'static str, &str)> {
        None
    }
}
