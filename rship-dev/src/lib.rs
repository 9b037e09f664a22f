//! A local Rocketship core: a Myko server in one process and in memory.
//!
//! It speaks any [`Generation`] of the wire, keeps the last state of every entity, answers live queries, and sends
//! every command. What a real server drops without a word it drops as well, and says which entity, which field, and
//! what a server wants there. It is the server that examples start when there is none, and the witness of tests.
//!
//! ```
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use std::time::Duration;
//!
//! let core = rship_dev::LocalCore::builder().start().await?;
//! // ... connect an executor to core.url() ...
//! core.wait_until(Duration::from_secs(5), "the stand", |core| core.items("Target").contains_key("banana-stand")).await?;
//! let answer = core.exec(None, "banana-stand:burn", serde_json::Value::Null).await?;
//! # Ok(())
//! # }
//! ```

mod codec;
pub mod compat;
mod explained;
mod item;
mod manifest;
mod natural;
mod near;
mod new;
mod page;
mod pattern;
mod query;
mod reading;
mod recorded;
mod recording;
mod server;
mod speaking;
mod store;
mod weight;

#[doc(hidden)]
pub mod cli;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;

pub use rship_core::wire::Generation;

pub use self::explained::{DROP_TYPE, Dropped, Explained, Verdict, WARNING_TYPE};
pub use self::page::timeline::{Moment, Timeline};
pub use self::reading::bindable::{Bindable, FieldKind, bindable};
pub use self::reading::judge::judge;
pub use self::recorded::Recorded;
pub use self::recording::{
    Comparison, Difference, OpenError, Playback, Recorder, RecorderBuilder, Recording, ReplayError,
    Speed, Subject,
};
pub use self::server::{Builder, CommandError, Events, EventsError, Limits, LocalCore, WaitError};
pub use self::store::{Change, Entities, StoreEvent};
