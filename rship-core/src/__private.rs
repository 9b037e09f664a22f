//! What expanded macros name, so that a device needs no further dependency. Not for use by hand.

mod blocks;
mod ids;

pub use serde_json::Value;
pub use std::boxed::Box;
pub use std::option::Option::{self, None, Some};
pub use std::result::Result::{self, Err, Ok};
pub use std::string::String;
pub use std::time::Duration;

pub use self::blocks::{
    Block, BlockName, Derived, Listing, ListsActions, ListsBlock, NoActions, NoBlock, NoBlockName,
    OnlyOfItsName, OnlyWithoutName, Probe, ProbeBlock,
};
pub use self::ids::{Shared, is_taken};
pub use crate::descriptor::Shape;
pub use crate::model::{
    ActionSpec, AnswerPart, Arg, Args, Bounded, Called, CalledFuture, CalledPlain, Choices,
    EmitterSpec, Limit, ModelBuilder, PlainPart, PlainReply, Reply, ReplyOf, Running,
    SubTargetSpec, SubTargets, TargetHandle,
};
pub use crate::target::{Actions, Target};
