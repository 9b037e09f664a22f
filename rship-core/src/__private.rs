//! What expanded macros name, so that a device needs no further dependency. Not for use by hand.

use std::fmt::{self, Display};
use std::marker::PhantomData;

pub use serde_json::Value;
pub use std::boxed::Box;
pub use std::option::Option::{self, None, Some};
pub use std::result::Result::{self, Err, Ok};
pub use std::string::String;
pub use std::time::Duration;

pub use crate::descriptor::Shape;
pub use crate::model::{
    ActionSpec, AnswerPart, Arg, Args, Bounded, Called, CalledFuture, CalledPlain, Choices,
    EmitterSpec, Limit, ModelBuilder, PlainPart, PlainReply, Reply, ReplyOf, Running,
    SubTargetSpec, SubTargets, TargetHandle,
};
pub use crate::target::{Actions, Target};

/// Writes a target's own name.
///
/// # Errors
/// When its `Display` fails.
pub fn write_name<N: Display + ?Sized>(name: &N, text: &mut dyn fmt::Write) -> fmt::Result {
    write!(text, "{name}")
}

/// Asks whether a type has `#[actions]`: its own constants and functions win over [`NoActions`]'.
pub struct Probe<T>(PhantomData<T>);

impl<T: Actions> Probe<T> {
    /// The ids of the type's actions.
    pub const ACTION_IDS: &'static [&'static str] = T::ACTION_IDS;
    /// The ids of the type's computed emitters.
    pub const EMITTER_IDS: &'static [&'static str] = T::EMITTER_IDS;

    /// Describes the type's actions.
    pub fn describe_actions(model: &mut ModelBuilder<T>) {
        T::describe_actions(model);
    }
}

/// What [`Probe`] says of a type without `#[actions]`.
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

/// Whether the two slices have an id in common: the position in the first, or `usize::MAX`.
#[must_use]
pub const fn shared_id(fields: &[&str], methods: &[&str]) -> usize {
    let mut i = 0;
    while i < fields.len() {
        let mut j = 0;
        while j < methods.len() {
            if same(fields[i], methods[j]) {
                return i;
            }
            j += 1;
        }
        i += 1;
    }
    usize::MAX
}

const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_both_lists_have_is_found() {
        assert_eq!(shared_id(&["a", "set-b"], &["c", "set-b"]), 1);
        assert_eq!(shared_id(&["a"], &["ab", ""]), usize::MAX);
    }
}
