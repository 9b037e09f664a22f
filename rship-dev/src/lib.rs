#![doc = include_str!("../README.md")]
//!
//! # Where to go on
//!
//! - [`LocalCore`] is the core, [`Builder`] what it is started with, [`Events`] what happens in it.
//! - [`Recorder`], [`Recording`] and [`Playback`] record a session, compare two of them, and replay one.
//! - [`compat`] compares manifests: what would break cues.
//! - [`judge`] says of one frame what a server would make of it.
#![cfg_attr(docsrs, feature(doc_cfg))]

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
