//! The traits that the macros implement.

use std::sync::Arc;

use crate::descriptor::TargetDescriptor;
use crate::model::{Model, ModelBuilder, ModelError};
use crate::written::{Blocks, Emitters};

/// A type whose values can be shown and controlled: what `#[derive(Target)]` implements.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a target",
    label = "this type has no `#[derive(Target)]`",
    note = "add `#[derive(Target)]` to a struct of your own; a sub-target of a type of another crate names the function that describes it: `#[target(model = \"function\")]`"
)]
pub trait Target: Sized + Send + 'static {
    /// The emitters that are fields, where the derive knows all of them.
    #[doc(hidden)]
    const EMITTERS: Option<Emitters> = None;

    /// The ids of the emitters that are methods, of each block that the struct lists.
    #[doc(hidden)]
    const BLOCKS: Blocks = &[];

    /// What is wrong with a lock before this type: the message about an action of its own that awaits.
    #[doc(hidden)]
    const AWAITING: Option<&'static str> = None;

    /// Writes down what this type has: its emitters, actions and sub-targets.
    fn describe(model: &mut ModelBuilder<Self>);

    /// Names, documentation, ids and schemas of this type; needs no connection. Built once.
    ///
    /// # Errors
    /// When a part of the description cannot be used: see [`ModelError`].
    fn descriptor() -> Result<Arc<TargetDescriptor>, ModelError> {
        Model::<Self>::of().map(|model| Arc::clone(model.descriptor()))
    }
}

/// The actions and computed emitters of one `impl` block of a target: what `#[actions]` implements.
///
/// `Block` tells the blocks of a type apart: it stands for the name in `#[actions(block = "..")]`, or
/// for there being none. The derive asks for those that `#[target(actions(..))]` lists.
#[diagnostic::on_unimplemented(
    message = "`{Self}` lacks `#[actions]` that its `#[target(actions)]` lists",
    label = "a block of `#[actions]` is missing",
    note = "write `#[actions]` on one `impl` block of `{Self}`, and `#[actions(block = \"..\")]` on one for each name in the list"
)]
pub trait Actions<Block>: Sized {
    /// The ids of the actions, as written after `TARGET:`, sorted.
    const ACTION_IDS: &'static [&'static str];
    /// The ids of the computed emitters, as written after `TARGET:`, sorted.
    const EMITTER_IDS: &'static [&'static str];

    /// What is wrong with a lock before the type, if one of these actions awaits.
    #[doc(hidden)]
    const AWAITING: Option<&'static str> = None;

    /// Writes down the actions and computed emitters.
    fn describe_actions(model: &mut ModelBuilder<Self>);
}
