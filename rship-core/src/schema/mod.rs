//! The schemas of arguments and emitters, written so that every server can use them.
//!
//! `schemars` writes correct JSON Schema that servers nevertheless drop or cannot bind to. What
//! leaves this module is in the *profile*: no references, no unions, no arrays of types, no boolean
//! schemas. The profile changes how a type is written down. Where a shape cannot be said exactly
//! (an enum with data, an array that may hold nulls) it accepts more than the decoder does, never less.
//!
//! What a reader of the output can rely on:
//! - an optional value is its inner type and absent from `required`; a `null` default is not written;
//! - a place that takes anything (a map, a mixed tuple, a [`serde_json::Value`]) has no `type`;
//! - a null that cannot be said by leaving the value out (an item of an array, the content of a variant)
//!   takes the `type` away from that place; inside of an enum it is also shown as an example;
//! - a choice is `type` + `enum` + `oneOf` of `const` and `title`;
//! - `title` is written only where a person wrote one, never the name of a Rust type;
//! - an enum with data is an object with the fields of all variants: a field of a variant that is
//!   not meant may be left out or null, and otherwise still has to be of its type;
//! - unknown keywords are passed on untouched, assertions that servers cannot read are left to the decoder.

mod choices;
mod error;
mod generate;
mod keywords;
mod narrow;
mod null_example;
mod numbers;
mod object;
mod profile;
mod variants;
mod widen;

#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use schemars::generate::Contract;
use serde_json::Value;

pub(crate) use self::choices::write_values as write_choices;
pub use self::error::SchemaError;
pub(crate) use self::null_example::is_in as has_null_example;
pub(crate) use self::numbers::range_of;
pub use self::object::{ObjectSchema, Property};

/// A schema in the profile.
#[derive(Debug, Clone, PartialEq)]
pub struct TypeSchema {
    /// The JSON Schema, always an object.
    pub schema: Value,
    /// Whether the Rust type admits null (`Option<_>`, `()`, [`serde_json::Value`]), so that an
    /// argument of this type may be absent.
    pub nullable: bool,
}

/// The schema of what the `Deserialize` of `T` takes.
///
/// Some of what serde takes is unknown to `schemars` and therefore not announced: names that
/// `#[serde(alias)]` adds (a [`Checker`](crate::payload::Checker) leaves them to the decoder inside of
/// arguments), structs given as arrays of their fields, and `{"Unit": null}` for a unit variant. The
/// keys of a flattened map are not announced either: they are taken, and reported as unknown. What does
/// not fit a flattened optional enum is refused, where serde would ignore it.
///
/// `schemars` itself does not come to an end, and overflows the stack, for an internally tagged enum
/// that contains itself through newtype variants alone; every other cycle is an error.
///
/// # Errors
/// [`SchemaError`] when the type contains itself or refers to a schema that is not part of it.
pub fn of_argument<T: JsonSchema + ?Sized>() -> Result<TypeSchema, SchemaError> {
    profile::of(&generate::raw::<T>(Contract::Deserialize))
}

/// The schema of what the `Serialize` of `T` writes; the same as for [`of_argument`] holds.
///
/// # Errors
/// [`SchemaError`] when the type contains itself or refers to a schema that is not part of it.
pub fn of_emitter<T: JsonSchema + ?Sized>() -> Result<TypeSchema, SchemaError> {
    profile::of(&generate::raw::<T>(Contract::Serialize))
}
