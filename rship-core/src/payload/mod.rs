//! What arrives as the arguments of an action: made uniform, checked, decoded.
//!
//! [`Checker`] judges a payload by the schema that was announced, and takes what servers make of
//! it (`3.0` for an integer, null for what is left out). [`decode`] turns the value into a Rust
//! value. Both refuse with a [`PayloadError`] that names the argument, what was expected and what came.

mod checker;
mod compile;
mod culprit;
mod decode;
mod error;
mod number;
mod path;
mod rules;

#[cfg(test)]
mod tests;

pub use self::checker::Checker;
pub use self::decode::decode;
pub(crate) use self::error::describe as in_words;
pub use self::error::{Got, PayloadError};
pub(crate) use self::number::compare;
