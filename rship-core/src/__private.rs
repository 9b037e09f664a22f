//! What expanded macros name, so that a device needs no further dependency. Not for use by hand.

mod blocks;
mod fields;
mod ids;

use std::fmt::{self, Display};

pub use serde_json::Value;
pub use std::boxed::Box;
pub use std::option::Option::{self, None, Some};
pub use std::result::Result::{self, Err, Ok};
pub use std::string::String;
pub use std::time::Duration;

pub use self::blocks::{
    Block, BlockName, Derived, Fields, Listing, ListsActions, ListsBlock, MayHaveActions,
    NoActions, NoBlock, NoBlockName, OnlyOfItsName, OnlyWithoutName, Probe, ProbeBlock, Variants,
};
pub use self::fields::{AskBlocks, AskField, HasField, HasOneBlock, No, OtherwiseNo, Yes};
pub use self::ids::{Shared, is_taken};
pub use crate::model::{
    ActionSpec, AnswerPart, Arg, Args, Bounded, Called, CalledFuture, CalledPlain, Choices,
    Described, DescribedSubTargets, EmitterField, EmitterSpec, Limit, ModelBuilder, PlainPart,
    PlainReply, Reply, ReplyOf, Running, StateField, SubTargetSpec, SubTargets, SubTargetsWithKeys,
    TargetHandle,
};
pub use crate::target::{Actions, Target};

/// The first message of several blocks.
#[must_use]
pub const fn first(messages: &[Option<&'static str>]) -> Option<&'static str> {
    let mut index = 0;
    while index < messages.len() {
        if messages[index].is_some() {
            return messages[index];
        }
        index += 1;
    }
    None
}

/// Writes a target's own name.
///
/// # Errors
/// When its `Display` fails.
pub fn write_name<N: Display + ?Sized>(name: &N, text: &mut dyn fmt::Write) -> fmt::Result {
    write!(text, "{name}")
}

/// For what a macro could not read: either the compiler has said what is wrong with it, or this does not
/// compile, because it would not be on the show.
pub fn unreadable<T>() {
    const {
        if size_of::<T>() < usize::MAX {
            panic!("a macro of rship cannot read this; see whether there is a newer version of it");
        }
    }
}

/// Adds a field that holds sub-targets with keys. In one call, so that a type which holds none is one
/// message.
pub fn keyed<S: SubTargets + SubTargetsWithKeys, T, K: std::fmt::Display + ?Sized>(
    model: &mut ModelBuilder<T>,
    spec: SubTargetSpec<S::Member>,
    field: impl Fn(&T) -> &S + Send + Sync + 'static,
    field_mut: impl Fn(&mut T) -> &mut S + Send + Sync + 'static,
    key: impl Fn(&S::Member) -> &K + Send + Sync + 'static,
) {
    model.sub_targets(spec.key(key), field, field_mut);
}

/// The same, of members that a function describes.
pub fn keyed_with<S, M, Way, T, K>(
    model: &mut ModelBuilder<T>,
    spec: SubTargetSpec<M>,
    described: Described<M>,
    field: impl Fn(&T) -> &S + Send + Sync + 'static,
    field_mut: impl Fn(&mut T) -> &mut S + Send + Sync + 'static,
    key: impl Fn(&M) -> &K + Send + Sync + 'static,
) where
    S: DescribedSubTargets<M, Way> + SubTargetsWithKeys,
    M: 'static,
    K: std::fmt::Display + ?Sized,
{
    model.sub_targets_with(spec.key(key), described, field, field_mut);
}

/// Which emitter an action writes.
pub mod written {
    pub use crate::written::{Blocks, Emitters, Fields, NoFields, exists, id};
}
