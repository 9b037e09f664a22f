#![doc = include_str!("../README.md")]
//!
//! # Where to go on
//!
//! - [`derive(Target)`](macro@Target) and [`macro@actions`] list each attribute with its arguments.
//! - [`Executor`] and its [`Builder`] start what is connected; [`Handle`], [`Guard`] and [`SubTarget`] are how the rest
//!   of a program reaches its targets; [`Emitter`] is what tells impulses.
//! - [`testing`] starts a target without a server, for unit tests.
//! - [`model`] describes types that cannot be annotated.
//! - [`LiveQuery`] and [`Executor::command`] ask the server.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[doc(hidden)]
pub mod __private;
mod access;
mod address;
mod api;
mod command;
mod connection_thread;
mod environment;
mod error;
mod journal;
mod metrics;
mod mistake;
mod outbox;
pub mod prelude;
mod saved;
mod session;
mod settings;
mod stamp;
mod state_file;
mod target;
#[cfg(feature = "tls")]
mod tls;
mod token;
mod work;
mod world;

pub use rship_core::descriptor;
pub use rship_core::entity::{Item, Position};
pub use rship_core::show;
pub use rship_core::wire::{Encoding, Generation, Query, QueryFormError};
pub use rship_core::{Actions, Emitter, Published, Target};
#[doc(hidden)]
pub use rship_macros::{__Described, __asked};
pub use rship_macros::{Target, action, actions, arg, emitter};

pub use address::{Address, AddressError, Connect, Transport};
pub use api::testing;
pub use api::{
    Builder, Executor, Guard, Handle, InstanceHandle, NeedsAwait, Parent, Running, Scoped,
    SubTarget,
};
pub use command::{CommandError, ItemMap, LiveQuery, QueryError};
pub use error::{Error, LockError, SettingError, StateFileProblem};
pub use metrics::Metrics;
pub use session::Status;
pub use settings::Ids;
pub use target::{Changes, Member};

/// What describes a type that cannot be annotated: the builder that the macros expand to, and what its
/// signatures name.
pub mod model {
    pub use rship_core::model::{
        Action, ActionError, ActionSpec, Answer, Arg, ArgReader, Args, ArgumentValue, Bounded,
        BoxFuture, ChoiceList, Choices, Described, DescribedSubTargets, EmitterField, EmitterSpec,
        EmitterValue, FromText, HandleOf, Limit, LimitValue, MapKey, Model, ModelBuilder,
        ModelError, Problem, Reply, SubTargetSpec, SubTargets, TargetHandle, Unreached,
    };
}

/// What another client of the same servers shares with executors: `rship-dev`. Not for use by hand.
#[doc(hidden)]
pub mod __client {
    pub use crate::access::{Access, Given};
    pub use crate::api::add_modelled;
    pub use crate::environment::variable;
    pub use crate::session::{ConnectError, open};
    pub use crate::token::Secret;
}
