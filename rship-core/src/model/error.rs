//! What can be wrong with a description, found when it is put together.

use std::fmt;

use crate::id::IdError;
use crate::schema::SchemaError;

/// A type's description cannot be used; names everything that is wrong with it.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelError {
    /// The Rust type that was described.
    pub type_name: &'static str,
    /// Everything that is wrong, in the order of declaration; never empty.
    pub problems: Vec<Problem>,
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the target type `{}` cannot be used", self.type_name)?;
        for (index, problem) in self.problems.iter().enumerate() {
            write!(f, "{}{problem}", if index == 0 { ": " } else { "; " })?;
        }
        Ok(())
    }
}

impl std::error::Error for ModelError {}

/// One thing that is wrong with a description.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// Two actions, or two emitters, have one id.
    #[error("two {kind}s have the id `{id}`: give one of them another with `id = \"..\"`")]
    DuplicateId {
        /// `action` or `emitter`.
        kind: &'static str,
        /// The id that both have.
        id: String,
    },
    /// An id cannot be used.
    #[error(transparent)]
    Id(#[from] IdError),
    /// A type has no schema that servers can use.
    #[error("{member}: {error}")]
    Schema {
        /// The action, argument or emitter.
        member: String,
        /// Why.
        error: SchemaError,
    },
    /// The lowest value allowed is above the highest.
    #[error("{member}: `min` is above `max`, so no value would be allowed")]
    EmptyRange {
        /// The action and its argument.
        member: String,
    },
    /// A bound is infinite, or not a number.
    #[error("{member}: `{key}` is not a finite number, so no server can check it: remove it")]
    NotFinite {
        /// The action and its argument.
        member: String,
        /// `min` or `max`.
        key: &'static str,
    },
    /// A default is not between its bounds.
    #[error("{member}: its default {default} is outside of its `min` and `max`")]
    DefaultOutside {
        /// The action and its argument.
        member: String,
        /// Its default.
        default: serde_json::Number,
    },
    /// A key on a field that does not hold a list.
    #[error("field `{field}` does not hold a list, so it cannot have a `key`")]
    KeyWithoutList {
        /// The field's part of the id.
        field: String,
    },
    /// An emitter of impulses, each of which counts, is to leave some out.
    #[error("emitter `{emitter}` is an impulse, so it cannot have a `max_rate` or a `deadband`")]
    PacedImpulse {
        /// The emitter.
        emitter: String,
    },
    /// A dead band that is not a number above 0: it would keep nothing back, or everything.
    #[error("emitter `{emitter}` has the dead band {deadband}, which is not a number above 0")]
    DeadBand {
        /// The emitter.
        emitter: String,
        /// What was given.
        deadband: String,
    },
    /// A color is not `#rrggbb`.
    #[error("`{setting}` is `{color}`, which is not a color: write it as `#rrggbb`")]
    Color {
        /// `bg_color` or `fg_color`.
        setting: &'static str,
        /// What was given.
        color: String,
    },
    /// An option of an action does not go with how its handler runs.
    #[error("action `{action}` cannot have `{option}`: its handler must {must}")]
    WrongOption {
        /// The action.
        action: String,
        /// The option.
        option: &'static str,
        /// What its handler must do.
        must: &'static str,
    },
    /// What a field that holds exactly one sub-target holds never leaves it.
    #[error("field `{0}` always holds its sub-target, so there is nothing to `forget`")]
    NothingToForget(String),
    /// What stands in the type, or in a variant of it, cannot be used.
    #[error(transparent)]
    Inner(Box<ModelError>),
    /// Some variants of an enum have a key, and this one has none.
    #[error(
        "`{0}` has no key, and other variants have one: give it one with `#[target(key = \"..\")]`"
    )]
    NoKey(&'static str),
    /// An action is said to write an emitter that the type does not have.
    #[error(
        "action `{action}` writes `{emitter}`, but there is no such emitter: there are {known}"
    )]
    WritesNothing {
        /// The action.
        action: String,
        /// The emitter that is not there.
        emitter: String,
        /// Those that are, or `none`.
        known: String,
    },
}
