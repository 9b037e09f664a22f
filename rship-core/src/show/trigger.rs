//! Things that happen, without data.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Something that happens, and that is all there is to know.
///
/// As an emitter's value it is what a show starts things on; as an argument it is the input that
/// starts this one. It is published as null, and whatever a server sends for it is taken. An argument
/// may be left out, too: an action that has to know whether it was sent takes an `Option<Trigger>`.
/// A field of a struct may be left out if it has `#[serde(default)]`.
///
/// ```
/// # extern crate rship_core as rship_runtime;
/// use rship_runtime::show::Trigger;
///
/// assert_eq!(serde_json::to_value(Trigger)?, serde_json::Value::Null);
/// assert_eq!(serde_json::from_str::<Trigger>("{\"tick\": 7}")?, Trigger);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Trigger;

impl Serialize for Trigger {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

impl<'de> Deserialize<'de> for Trigger {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

impl JsonSchema for Trigger {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Trigger".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"format": "exec-tick"})
    }
}
