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
    /// [`Fields`] or [`Variants`].
    type Kind;
}

/// A struct, which has actions of its own.
pub struct Fields;

/// An enum, which is what its variants hold.
pub struct Variants;

/// `T` may have actions of its own.
#[diagnostic::on_unimplemented(
    message = "enum `{T}` has `#[actions]` of its own",
    label = "this is an enum",
    note = "a target is what its variants hold; write the actions on their structs"
)]
pub trait MayHaveActions<T> {
    /// Nothing: asking for it is what requires it.
    const MAY: () = ();
}

impl<T> MayHaveActions<T> for Fields {}

/// What lists the blocks of all types.
pub struct Listing;

/// The derive of `T` knows of its block without a name.
#[diagnostic::on_unimplemented(
    message = "`{T}` does not say that it has actions",
    label = "not known to `#[derive(Target)]`",
    note = "a generic struct says so itself: add `#[target(actions)]` to it"
)]
pub trait ListsActions<T> {
    /// Nothing: asking for it is what requires the block to be listed.
    const LISTED: () = ();
}

/// The derive of `T` knows of its block whose name has this hash.
#[diagnostic::on_unimplemented(
    message = "`{T}` does not list this block of actions",
    label = "not known to `#[derive(Target)]`",
    note = "add the name to the list on the struct: `#[target(actions(\"..\"))]`"
)]
pub trait ListsBlock<T, const HASH: u64> {
    /// Nothing: asking for it is what requires the block to be listed.
    const LISTED: () = ();
}

/// Asks whether a type has an unnamed block: its own constants and functions win over [`NoActions`]'.
pub struct Probe<T>(PhantomData<T>);

impl<T: Actions<NoBlockName>> Probe<T> {
    /// The ids of the block's actions.
    pub const ACTION_IDS: &'static [&'static str] = T::ACTION_IDS;
    /// The ids of the block's computed emitters.
    pub const EMITTER_IDS: &'static [&'static str] = T::EMITTER_IDS;
    /// What is wrong with a lock before the type.
    pub const AWAITING: Option<&'static str> = T::AWAITING;

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
    /// Nothing.
    const AWAITING: Option<&'static str> = None;

    /// Describes nothing.
    fn describe_actions(_: &mut ModelBuilder<Self::Probed>) {}
}

impl<T> NoActions for Probe<T> {
    type Probed = T;
}

/// A block of this type, by a hash of its code.
pub trait Block<const HASH: u64> {}

/// Asks whether a type has a block: its own constant wins over [`NoBlock`]'s.
pub struct ProbeBlock<T, const HASH: u64>(PhantomData<T>);

impl<T: Block<HASH>, const HASH: u64> ProbeBlock<T, HASH> {
    /// It has.
    pub const IS_THERE: bool = true;
}

/// What [`ProbeBlock`] says of a type without the block.
pub trait NoBlock {
    /// It has not.
    const IS_THERE: bool = false;
}

impl<T, const HASH: u64> NoBlock for ProbeBlock<T, HASH> {}

/// No block of `T` without a name came before.
#[diagnostic::on_unimplemented(
    message = "`{T}` has two `#[actions]` blocks without a name",
    label = "this is another",
    note = "give one of them a name, `#[actions(block = \"..\")]`, and list it on the struct: `#[target(actions(\"..\"))]`"
)]
pub trait OnlyWithoutName<T> {}

/// No block of `T` with the same name came before.
#[diagnostic::on_unimplemented(
    message = "`{T}` has two `#[actions]` blocks with the same name",
    label = "this is another",
    note = "give one of them another name, and list that on the struct, too: `#[target(actions(\"..\"))]`"
)]
pub trait OnlyOfItsName<T> {}
