//! How the derive and the `#[actions]` blocks of one type know of each other: each requires, by type,
//! what the other has written.

use std::marker::PhantomData;

use crate::model::ModelBuilder;
use crate::target::Actions;

/// The block of [`Actions`] that has no name.
// Named so that the compiler's message about two of them says what they lack.
pub struct NoBlockName;

/// A block of [`Actions`] whose name has this hash.
pub struct BlockName<const HASH: u64>;

/// What `#[derive(Target)]` implements beside [`Target`](crate::Target), for `#[actions]` to ask.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a target",
    label = "this type has no `#[derive(Target)]`",
    note = "add `#[derive(Target)]` to `{Self}`; a type of another crate is described with `ModelBuilder` instead"
)]
pub trait Derived: Sized {
    /// [`Listing`]: reached through the type, it is not asked about a type that is not a target.
    type Listing;
}

/// What lists the blocks of all types.
pub struct Listing;

/// The derive of `T` knows of this block, so that its actions are described.
// Without words of its own: `#[actions]` has them, with the block's name.
pub trait Lists<T, Block> {}

/// Asks whether a type has an unnamed block: its own constants and functions win over [`NoActions`]'.
pub struct Probe<T>(PhantomData<T>);

impl<T: Actions<NoBlockName>> Probe<T> {
    /// The ids of the block's actions.
    pub const ACTION_IDS: &'static [&'static str] = T::ACTION_IDS;
    /// The ids of the block's computed emitters.
    pub const EMITTER_IDS: &'static [&'static str] = T::EMITTER_IDS;

    /// Describes the block.
    pub fn describe_actions(model: &mut ModelBuilder<T>) {
        T::describe_actions(model);
    }
}

/// What [`Probe`] says of a type without an unnamed block.
pub trait NoActions {
    /// The type that was asked about.
    type Probed;
    /// None.
    const ACTION_IDS: &'static [&'static str] = &[];
    /// None.
    const EMITTER_IDS: &'static [&'static str] = &[];

    /// Describes nothing.
    fn describe_actions(_: &mut ModelBuilder<Self::Probed>) {}
}

impl<T> NoActions for Probe<T> {
    type Probed = T;
}
