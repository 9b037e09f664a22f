//! Types that people put into actions and emitters, each with values that it takes and refuses.

mod colors;
mod enums;
mod lists;
mod numbers;
mod optional;
mod serde_attributes;
mod structs;
mod tagged;
mod texts;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::payload::{self, PayloadError};
use crate::schema::{SchemaError, TypeSchema, of_argument, of_emitter};

/// One type. The kinds of values say who refuses them.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) argument: fn() -> Result<TypeSchema, SchemaError>,
    pub(crate) emitter: fn() -> Result<TypeSchema, SchemaError>,
    /// What `schemars` writes for the argument without the profile.
    pub(crate) plain: fn() -> Value,
    /// Decodes, and encodes again.
    pub(crate) decode: fn(&Value) -> Result<Value, PayloadError>,
    /// Taken by everybody, in the form that is documented.
    pub(crate) good: Vec<Value>,
    /// Taken after the checker made it uniform: what servers send.
    pub(crate) served: Vec<Value>,
    /// Refused by everybody.
    pub(crate) bad: Vec<Value>,
    /// Refused by the decoder alone: the profile cannot say it.
    pub(crate) left_to_decoder: Vec<Value>,
    /// Taken by the decoder alone: forms that serde knows besides the one that is announced.
    pub(crate) decoder_alone: Vec<Value>,
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
}

fn case<T: JsonSchema + Serialize + DeserializeOwned>(name: &'static str) -> Case {
    Case {
        name,
        argument: of_argument::<T>,
        emitter: of_emitter::<T>,
        plain: || {
            schemars::generate::SchemaSettings::draft2020_12()
                .for_deserialize()
                .into_generator()
                .into_root_schema_for::<T>()
                .to_value()
        },
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

/// All types.
pub(crate) fn cases() -> Vec<Case> {
    [
        numbers::cases(),
        texts::cases(),
        optional::cases(),
        structs::cases(),
        colors::cases(),
        lists::cases(),
        enums::cases(),
        tagged::cases(),
        serde_attributes::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
