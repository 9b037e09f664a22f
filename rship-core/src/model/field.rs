//! Fields that `#[emitter]` is on: a plain value is a state, an [`Emitter`] is one of impulses. The type
//! decides, not its name, so that aliases and types of the user's that are called `Emitter` work.

use crate::emitter::Emitter;
use crate::model::{EmitterSpec, EmitterValue, ModelBuilder};

/// A type that a field with `#[emitter]` can have.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the value of an emitter",
    label = "this type must implement `Serialize` and `JsonSchema`",
    note = "derive both on a type of your own: `#[derive(serde::Serialize, schemars::JsonSchema)]`, with version 1 of `schemars`",
    note = "of what cannot have them, such as a type of another crate, an `Instant` or a lock, publish plain data: `#[emitter(with = \"function\")]`, or `#[emitter]` on a method that returns it",
    note = "inside of a type of yours, `#[serde(with = \"..\")]` says how it is written, and `#[schemars(with = \"f64\")]` beside it as what"
)]
pub trait EmitterField: Sized {
    /// What is published.
    type Value;

    /// Adds the emitter.
    fn describe<T>(
        model: &mut ModelBuilder<T>,
        spec: EmitterSpec,
        field: impl Fn(&T) -> &Self + Send + Sync + 'static,
    ) where
        Self::Value: EmitterValue;
}

#[diagnostic::do_not_recommend]
impl<V: EmitterValue> EmitterField for V {
    type Value = V;

    fn describe<T>(
        model: &mut ModelBuilder<T>,
        spec: EmitterSpec,
        field: impl Fn(&T) -> &V + Send + Sync + 'static,
    ) {
        model.state(spec, field);
    }
}

// Without a bound here, a value that cannot be published is named itself.
#[diagnostic::do_not_recommend]
impl<V> EmitterField for Emitter<V> {
    type Value = V;

    fn describe<T>(
        model: &mut ModelBuilder<T>,
        spec: EmitterSpec,
        field: impl Fn(&T) -> &Self + Send + Sync + 'static,
    ) where
        V: EmitterValue,
    {
        model.impulse(spec, field);
    }
}

/// A field whose value stays, so that it can be looked at when one likes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no value that stays, so it cannot have `every`, `max_rate` or `deadband`",
    label = "each of its pulses counts",
    note = "remove them, or make it a plain value to have a state"
)]
pub trait StateField: EmitterValue {}

#[diagnostic::do_not_recommend]
impl<V: EmitterValue> StateField for V {}
