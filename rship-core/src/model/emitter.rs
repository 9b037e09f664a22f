//! Emitters while they are being described.

use std::marker::PhantomData;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use crate::descriptor::Pace;
use crate::finite;
use crate::model::Bounded;
use crate::schema::{self, SchemaError, TypeSchema};

/// A type whose values an emitter can publish; implemented for everything that has
/// `serde::Serialize` and `schemars::JsonSchema`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the value of an emitter",
    label = "this type must implement `Serialize` and `JsonSchema`",
    note = "derive both on a type of your own: `#[derive(serde::Serialize, schemars::JsonSchema)]`, with version 1 of `schemars`",
    note = "of what cannot have them, such as a type of another crate, an `Instant` or a lock, publish plain data: `#[emitter(with = \"function\")]`, or `#[emitter]` on a method that returns it",
    note = "inside of a type of yours, `#[serde(with = \"..\")]` says how it is written, and `#[schemars(with = \"f64\")]` beside it as what"
)]
pub trait EmitterValue: 'static {
    #[doc(hidden)]
    fn emitter_schema() -> Result<TypeSchema, SchemaError>;
    #[doc(hidden)]
    fn write(&self, json: &mut Vec<u8>) -> Result<bool, serde_json::Error>;
    #[doc(hidden)]
    fn is_finite(&self) -> bool;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + JsonSchema + 'static> EmitterValue for T {
    fn emitter_schema() -> Result<TypeSchema, SchemaError> {
        schema::of_emitter::<T>()
    }

    fn write(&self, json: &mut Vec<u8>) -> Result<bool, serde_json::Error> {
        finite::write(self, json)
    }

    fn is_finite(&self) -> bool {
        finite::is_finite(self)
    }
}

/// What was written of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Whether there is a null in it, as which NaN and infinity are written, too.
    pub has_null: bool,
}

/// A type whose values can be held against a dead band: the numbers, an `Option` of one, and what threads
/// share one in.
#[diagnostic::on_unimplemented(
    message = "`deadband` needs a number, and `{Self}` is not one",
    label = "has no distance between two of its values",
    note = "remove `deadband`; `max_rate` is for values of every type"
)]
pub trait Measured {}

#[diagnostic::do_not_recommend]
impl<T: Bounded> Measured for T {}

/// The names of one emitter, and how often it speaks.
#[derive(Debug, Clone)]
pub struct EmitterSpec {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) doc: Option<String>,
    pub(crate) pace: Pace,
    pub(crate) every: Option<Duration>,
}

impl EmitterSpec {
    /// An emitter with the id `TARGET:ID`.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            name: None,
            doc: None,
            pace: Pace::default(),
            every: None,
        }
    }

    /// What people read; the id when it is left out.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// How often the clock looks at a field that others change, too.
    #[must_use]
    pub fn every(mut self, period: Duration) -> Self {
        self.every = Some(period);
        self
    }

    /// What the value means.
    #[must_use]
    pub fn doc(mut self, text: impl Into<String>) -> Self {
        self.doc = Some(text.into());
        self
    }

    /// The least time between two of its pulses: of what comes sooner, the newest value waits. The last
    /// one is always published.
    #[must_use]
    pub fn min_interval(mut self, interval: Duration) -> Self {
        self.pace.min_interval = Some(interval);
        self
    }

    /// By how much a value of type `V` must differ from the one that was published last.
    #[must_use]
    pub fn deadband<V: Measured>(mut self, by: f64) -> Self {
        self.pace.deadband = Some(by);
        self
    }

    /// The same where the type is that of a value that is not there.
    #[must_use]
    pub fn deadband_as<V: Measured>(self, by: f64, _value: PhantomData<V>) -> Self {
        self.deadband::<V>(by)
    }

    /// The same for the values that `published` makes of a field.
    #[must_use]
    pub fn deadband_of<F, V: Measured>(self, by: f64, _published: fn(&F) -> V) -> Self {
        self.deadband::<V>(by)
    }
}
