//! Emitters while they are being described.

use schemars::JsonSchema;
use serde::Serialize;

use crate::schema::{self, SchemaError, TypeSchema};

/// A type whose values an emitter can publish; implemented for everything that has
/// `serde::Serialize` and `schemars::JsonSchema`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the value of an emitter",
    label = "this type must implement `Serialize` and `JsonSchema`",
    note = "derive both on a type of your own: `#[derive(serde::Serialize, schemars::JsonSchema)]`, with version 1 of `schemars`",
    note = "of what has no value that could be shown, such as an `Instant` or a lock, publish plain data: with `#[emitter]` on a method that returns it"
)]
pub trait EmitterValue: 'static {
    #[doc(hidden)]
    fn emitter_schema() -> Result<TypeSchema, SchemaError>;
    #[doc(hidden)]
    fn write(&self, json: &mut Vec<u8>) -> Result<(), serde_json::Error>;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + JsonSchema + 'static> EmitterValue for T {
    fn emitter_schema() -> Result<TypeSchema, SchemaError> {
        schema::of_emitter::<T>()
    }

    fn write(&self, json: &mut Vec<u8>) -> Result<(), serde_json::Error> {
        serde_json::to_writer(json, self)
    }
}

/// The names of one emitter.
#[derive(Debug, Clone)]
pub struct EmitterSpec {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) doc: Option<String>,
}

impl EmitterSpec {
    /// An emitter with the id `TARGET:ID`.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            name: None,
            doc: None,
        }
    }

    /// What people read; the id when it is left out.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// What the value means.
    #[must_use]
    pub fn doc(mut self, text: impl Into<String>) -> Self {
        self.doc = Some(text.into());
        self
    }
}
