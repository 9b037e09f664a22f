//! What `schemars` says about a type, before the profile.

use schemars::JsonSchema;
use schemars::generate::{Contract, SchemaSettings};
use serde_json::{Map, Value};

/// A schema as `schemars` writes it, everything inlined that can be.
pub(super) struct Raw {
    pub(super) schema: Value,
    /// Only recursive types are left here.
    pub(super) definitions: Map<String, Value>,
    pub(super) contract: Contract,
}

pub(super) fn raw<T: JsonSchema + ?Sized>(contract: Contract) -> Raw {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
        settings.contract = contract.clone();
    });
    let mut generator = settings.into_generator();
    // Not the root schema: that one carries the type's name as a title.
    let schema = generator.subschema_for::<T>().to_value();
    let definitions = generator.take_definitions(false);
    Raw {
        schema,
        definitions,
        contract,
    }
}
