//! The walk over a schema: references, and the combinations that servers cannot read.

use schemars::generate::Contract;
use serde_json::{Map, Value};

use super::generate::Raw;
use super::narrow::narrow;
use super::{SchemaError, TypeSchema};

pub(super) type Schema = Map<String, Value>;

/// A schema in the profile, and the null that the profile cannot say in place.
pub(super) struct Profiled {
    pub(super) schema: Schema,
    pub(super) nullable: bool,
}

impl Profiled {
    pub(super) fn anything(nullable: bool) -> Self {
        Self {
            schema: Schema::new(),
            nullable,
        }
    }

    /// For places where null is a value of its own, which leaving the value out would not say.
    pub(super) fn null_in_place(mut self) -> Schema {
        if self.nullable {
            for key in ["type", "enum", "const", "oneOf"] {
                self.schema.remove(key);
            }
        }
        self.schema
    }

    pub(super) fn narrowed(self, by: Profiled) -> Self {
        Self {
            schema: narrow(self.schema, by.schema),
            nullable: self.nullable && by.nullable,
        }
    }
}

pub(super) fn of(raw: &Raw) -> Result<TypeSchema, SchemaError> {
    let mut walk = Walk {
        definitions: &raw.definitions,
        contract: &raw.contract,
        inside: Vec::new(),
    };
    let Profiled { schema, nullable } = walk.schema(&raw.schema)?;
    Ok(TypeSchema {
        schema: Value::Object(schema),
        nullable,
    })
}

/// Where the walk is: the types that were entered by reference, and the fields between them.
enum Step {
    Type(String),
    Field(String),
}

pub(super) struct Walk<'a> {
    definitions: &'a Map<String, Value>,
    contract: &'a Contract,
    inside: Vec<Step>,
}

impl Walk<'_> {
    pub(super) fn schema(&mut self, raw: &Value) -> Result<Profiled, SchemaError> {
        let Value::Object(raw) = raw else {
            return Ok(Profiled::anything(*raw != Value::Bool(false)));
        };
        let mut out = self.keywords(raw)?;
        if let Some(Value::String(reference)) = raw.get("$ref") {
            out = out.narrowed(self.reference(reference)?);
        }
        for part in list(raw, "allOf") {
            out = out.narrowed(self.schema(part)?);
        }
        for key in ["oneOf", "anyOf"] {
            let members = list(raw, key);
            if !members.is_empty() {
                out = self.variants(out, members)?;
            }
        }
        Ok(out)
    }

    pub(super) fn field(&mut self, name: &str, raw: &Value) -> Result<Profiled, SchemaError> {
        self.inside.push(Step::Field(name.to_owned()));
        let field = self.schema(raw);
        self.inside.pop();
        field
    }

    pub(super) fn is_argument(&self) -> bool {
        matches!(self.contract, Contract::Deserialize)
    }

    fn reference(&mut self, reference: &str) -> Result<Profiled, SchemaError> {
        let found = reference.strip_prefix("#/$defs/").and_then(|encoded| {
            self.definitions
                .iter()
                .find(|(name, _)| is_named(encoded, name))
        });
        let Some((name, definition)) = found else {
            return Err(SchemaError::Unresolved {
                reference: reference.to_owned(),
            });
        };
        if let Some(cycle) = self.cycle(name) {
            return Err(SchemaError::Recursive {
                type_name: name.clone(),
                cycle,
            });
        }
        self.inside.push(Step::Type(name.clone()));
        let out = self.schema(definition);
        self.inside.pop();
        out
    }

    fn cycle(&self, name: &str) -> Option<String> {
        let entered = self
            .inside
            .iter()
            .position(|step| matches!(step, Step::Type(open) if open == name))?;
        let mut cycle: Vec<&str> = Vec::new();
        for step in self.inside.get(entered..)? {
            let (Step::Type(name) | Step::Field(name)) = step;
            cycle.push(name);
        }
        cycle.push(name);
        Some(cycle.join(" -> "))
    }
}

pub(super) fn list<'a>(raw: &'a Schema, key: &str) -> &'a [Value] {
    raw.get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// Whether a fragment of a reference means this name: `schemars` percent-encodes what a URL cannot
/// hold (a generic type may be renamed to `Pair<f64>`), and `~`, `/` as JSON pointers do.
fn is_named(encoded: &str, name: &str) -> bool {
    let mut bytes = encoded.bytes();
    let mut decoded = Vec::with_capacity(encoded.len());
    while let Some(byte) = bytes.next() {
        let decode = match byte {
            b'%' => hex(bytes.next())
                .zip(hex(bytes.next()))
                .map(|(high, low)| high << 4 | low),
            b'~' => match bytes.next() {
                Some(b'0') => Some(b'~'),
                Some(b'1') => Some(b'/'),
                _ => None,
            },
            plain => Some(plain),
        };
        let Some(byte) = decode else { return false };
        decoded.push(byte);
    }
    decoded == name.as_bytes()
}

fn hex(digit: Option<u8>) -> Option<u8> {
    let value = char::from(digit?).to_digit(16)?;
    u8::try_from(value).ok()
}
