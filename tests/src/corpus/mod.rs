//! Types that people put into actions and emitters, each with values that it takes and refuses.
//!
//! One table for many questions: the schemas (`golden.txt`), what a show can bind (`bindings.txt`),
//! whether schema, checker and decoder agree, and what plain `schemars` would have sent instead.

mod colors;
mod enums;
mod external;
mod lists;
mod numbers;
mod optional;
mod recursive;
mod serde_attributes;
mod shows;
mod structs;
mod table;
mod tagged;
mod taker;
mod texts;

use std::collections::BTreeMap;

use rship_core::model::ModelBuilder;
use rship_core::payload::{self, PayloadError};
use rship_core::schema::{
    ObjectSchema, Property, SchemaError, TypeSchema, of_argument, of_emitter,
};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use self::recursive::{Recursive, recursive};
pub use self::table::{Judged, Row, Table, table};
pub use self::taker::Taker;

/// The name under which [`Case::action`] takes a value of the type.
pub const ARGUMENT: &str = "value";

/// One type. The kinds of values say who refuses them.
pub struct Case {
    /// How the type is written.
    pub name: &'static str,
    /// The profile's schema of what is read.
    pub argument: fn() -> Result<TypeSchema, SchemaError>,
    /// The profile's schema of what is written.
    pub emitter: fn() -> Result<TypeSchema, SchemaError>,
    /// What `schemars` writes for the argument without the profile.
    pub plain_argument: fn() -> Value,
    /// What `schemars` writes for the emitter without the profile.
    pub plain_emitter: fn() -> Value,
    /// What `schemars` writes for an action whose argument [`ARGUMENT`] is of this type.
    pub plain_action: fn() -> Value,
    /// Adds an action with this id whose argument [`ARGUMENT`] is of the type.
    pub describe: fn(&mut ModelBuilder<Taker>, &str),
    /// Decodes, and encodes again.
    pub decode: fn(&Value) -> Result<Value, PayloadError>,
    /// Taken by everybody, in the form that is documented.
    pub good: Vec<Value>,
    /// Taken after the checker made it uniform: what servers send.
    pub served: Vec<Value>,
    /// Refused by everybody.
    pub bad: Vec<Value>,
    /// Refused by the decoder alone: the profile cannot say it.
    pub left_to_decoder: Vec<Value>,
    /// Taken by the decoder alone: forms that serde knows besides the one that is announced.
    pub decoder_alone: Vec<Value>,
}

impl Case {
    fn good<const N: usize>(mut self, values: [Value; N]) -> Self {
        self.good.extend(values);
        self
    }

    fn served<const N: usize>(mut self, values: [Value; N]) -> Self {
        self.served.extend(values);
        self
    }

    fn bad<const N: usize>(mut self, values: [Value; N]) -> Self {
        self.bad.extend(values);
        self
    }

    fn left_to_decoder<const N: usize>(mut self, values: [Value; N]) -> Self {
        self.left_to_decoder.extend(values);
        self
    }

    fn decoder_alone<const N: usize>(mut self, values: [Value; N]) -> Self {
        self.decoder_alone.extend(values);
        self
    }

    /// Every value that the case names.
    #[must_use]
    pub fn values(&self) -> Vec<Value> {
        [
            &self.good,
            &self.served,
            &self.bad,
            &self.left_to_decoder,
            &self.decoder_alone,
        ]
        .into_iter()
        .flatten()
        .cloned()
        .collect()
    }

    /// The profile's schema of an action whose only argument, [`ARGUMENT`], is of this type.
    ///
    /// # Errors
    /// Those of [`Case::argument`].
    pub fn action(&self) -> Result<Value, SchemaError> {
        let schema = (self.argument)()?;
        let mut arguments = ObjectSchema::new();
        arguments.property(Property {
            name: ARGUMENT.to_owned(),
            required: !schema.nullable,
            schema,
            description: None,
            default: None,
            minimum: None,
            maximum: None,
        });
        Ok(arguments.finish())
    }
}

/// All types.
#[must_use]
pub fn cases() -> Vec<Case> {
    [
        numbers::cases(),
        texts::cases(),
        external::cases(),
        optional::cases(),
        structs::cases(),
        colors::cases(),
        shows::cases(),
        lists::cases(),
        enums::cases(),
        tagged::cases(),
        serde_attributes::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The schemas that were looked at: by `NAME`, and by `NAME emitted` where the emitter's differs.
#[must_use]
pub fn golden() -> BTreeMap<&'static str, Value> {
    include_str!("golden.txt")
        .lines()
        .map(|line| {
            let (name, schema) = line.split_once(": {").expect("NAME: SCHEMA");
            let schema = format!("{{{schema}");
            (name, serde_json::from_str(&schema).expect(name))
        })
        .collect()
}

/// The fields that a show is meant to see, in the words of [`rship_dev::Bindable`]; named like [`golden`].
#[must_use]
pub fn bindings() -> BTreeMap<&'static str, Vec<&'static str>> {
    include_str!("bindings.txt")
        .lines()
        .map(|line| {
            let (name, fields) = line.split_once(" => ").expect("NAME => FIELD; FIELD");
            let fields = fields.split("; ").filter(|field| !field.is_empty());
            (name, fields.collect())
        })
        .collect()
}

/// The arguments of an action with one argument, for `schemars` alone.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "only the schema is of interest")]
struct Payload<T> {
    value: T,
}

fn plain<T: JsonSchema>(settings: SchemaSettings) -> Value {
    settings
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value()
}

fn case<T: JsonSchema + Serialize + DeserializeOwned + Send + 'static>(name: &'static str) -> Case {
    Case {
        name,
        argument: of_argument::<T>,
        emitter: of_emitter::<T>,
        plain_argument: || plain::<T>(SchemaSettings::draft2020_12().for_deserialize()),
        plain_emitter: || plain::<T>(SchemaSettings::draft2020_12().for_serialize()),
        plain_action: || plain::<Payload<T>>(SchemaSettings::draft2020_12().for_deserialize()),
        describe: taker::describe::<T>,
        decode: |value| {
            let decoded: T = payload::decode("", value)?;
            Ok(serde_json::to_value(decoded).expect("the corpus serializes"))
        },
        good: Vec::new(),
        served: Vec::new(),
        bad: Vec::new(),
        left_to_decoder: Vec::new(),
        decoder_alone: Vec::new(),
    }
}
