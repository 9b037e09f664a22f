//! What `schemars` says about a type, before the profile.

use schemars::generate::{Contract, SchemaSettings};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value};

/// A schema as `schemars` writes it, everything inlined that can be.
pub(super) struct Raw {
    pub(super) schema: Value,
    /// Only recursive types are left here.
    pub(super) definitions: Map<String, Value>,
    pub(super) contract: Contract,
}

pub(super) fn raw<T: JsonSchema + ?Sized>(contract: Contract) -> Raw {
    generate(contract, schema_of::<T>)
}

/// Not the root schema: that one carries the type's name as a title.
fn schema_of<T: JsonSchema + ?Sized>(generator: &mut SchemaGenerator) -> Schema {
    if T::inline_schema() {
        // Never refers to itself, so nobody has to remember it.
        T::json_schema(generator)
    } else {
        generator.subschema_for::<T>()
    }
}

/// Compiled once, and not for each type.
fn generate(contract: Contract, schema_of: fn(&mut SchemaGenerator) -> Schema) -> Raw {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
        settings.contract = contract.clone();
    });
    let mut generator = settings.into_generator();
    let schema = schema_of(&mut generator).to_value();
    let definitions = generator.take_definitions(false);
    Raw {
        schema,
        definitions,
        contract,
    }
}
