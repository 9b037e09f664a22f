//! Commands: from a frame to the targets that carry it out and back to its one answer, and what an
//! executor itself asks of the server.

mod outgoing;
mod reply;
mod route;

pub(crate) use outgoing::Outgoing;
pub use outgoing::{CommandError, ItemMap, LiveQuery, QueryError};
pub(crate) use reply::Desk;
pub(crate) use route::Router;
