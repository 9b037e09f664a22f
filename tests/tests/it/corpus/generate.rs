//! Values to try on a type: made to its schema, made from good values with something wrong, made of nothing.

use std::collections::BTreeSet;

use fastrand::Rng;
use rship_tests::corpus::Case;
use serde_json::{Map, Number, Value, json};

/// Makes values for one type. The same seed makes the same values.
pub(super) struct Generator {
    rng: Rng,
    schema: Value,
    /// Values that the type takes.
    good: Vec<Value>,
    /// What occurs anywhere in the values of the corpus for this type: parts, texts and names.
    parts: Vec<Value>,
    texts: Vec<String>,
    names: Vec<String>,
}

/// Numbers at which something changes.
const INTEGERS: [i64; 15] = [
    0,
    1,
    -1,
    2,
    7,
    127,
    128,
    -128,
    255,
    256,
    65_535,
    65_536,
    4_294_967_296,
    i64::MAX,
    i64::MIN,
];
const FLOATS: [f64; 12] = [
    0.0,
    -0.0,
    0.5,
    -0.5,
    1.0,
    3.0,
    255.5,
    1e10,
    9_223_372_036_854_775_808.0,
    18_446_744_073_709_551_616.0,
    -1e300,
    1e300,
];
const TEXTS: [&str; 14] = [
    "",
    "a",
    "ß",
    "xy",
    "warm",
    "3",
    "true",
    "null",
    "10.0.0.1",
    "::1",
    "2023-04-30T19:56:34Z",
    "67e55044-10b1-426f-9247-bb680e5fe0c8",
    "https://example.org/",
    "\u{0}\u{1F3AD}",
];

impl Generator {
    pub(super) fn new(seed: u64, case: &Case) -> Self {
        let schema = (case.argument)().expect(case.name).schema;
        let mut collected = Collected::default();
        case.values().iter().for_each(|value| collected.add(value));
        collected.names_of(&schema);
        collected.names.insert("surplus".to_owned());
        Self {
            rng: Rng::with_seed(seed),
            schema,
            good: [case.good.as_slice(), case.served.as_slice()].concat(),
            parts: collected.parts,
            texts: collected.texts.into_iter().collect(),
            names: collected.names.into_iter().collect(),
        }
    }

    /// As the schema asks for it, as far as the schema says.
    pub(super) fn fitting(&mut self) -> Value {
        if self.rng.u8(..4) == 0 {
            return pick(&mut self.rng, &self.good).cloned().unwrap_or_default();
        }
        let schema = self.schema.clone();
        self.made_to(&schema)
    }

    /// A good value with up to three things changed.
    pub(super) fn mutated(&mut self) -> Value {
        let mut value = self.fitting();
        for _ in 0..self.rng.usize(1..=3) {
            self.mutate(&mut value);
        }
        value
    }

    /// Anything.
    pub(super) fn random(&mut self) -> Value {
        self.anything(3)
    }

    fn made_to(&mut self, schema: &Value) -> Value {
        if let Some(constant) = schema.get("const") {
            return constant.clone();
        }
        if let Some(choice) = schema
            .get("enum")
            .and_then(Value::as_array)
            .and_then(|choices| pick(&mut self.rng, choices))
        {
            return choice.clone();
        }
        match schema.get("type").and_then(Value::as_str) {
            Some("boolean") => json!(self.rng.bool()),
            Some("integer") => self.integer(schema),
            Some("number") => self.number(schema),
            Some("string") => self.text(schema),
            Some("array") => self.list(schema),
            Some("object") => self.object(schema),
            _ if schema.get("properties").is_some() && self.rng.bool() => self.object(schema),
            _ => match pick(&mut self.rng, &self.parts) {
                Some(part) if self.rng.u8(..3) > 0 => part.clone(),
                _ => self.anything(1),
            },
        }
    }

    fn integer(&mut self, schema: &Value) -> Value {
        let bound = |key: &str| schema.get(key).filter(|bound| bound.is_number()).cloned();
        let number = match (self.rng.u8(..8), bound("minimum"), bound("maximum")) {
            (0, Some(minimum), _) => return minimum,
            (1, _, Some(maximum)) => return maximum,
            (2..=4, ..) => *pick(&mut self.rng, &INTEGERS).unwrap_or(&0),
            (_, Some(minimum), Some(maximum)) => {
                let (minimum, maximum) = (minimum.as_i64(), maximum.as_i64());
                self.rng
                    .i64(minimum.unwrap_or(0)..=maximum.unwrap_or(i64::MAX))
            }
            _ => self.rng.i64(-1000..1000),
        };
        // What a form sends for a whole number.
        match i32::try_from(number) {
            Ok(number) if self.rng.u8(..4) == 0 => json!(f64::from(number)),
            _ => json!(number),
        }
    }

    fn number(&mut self, schema: &Value) -> Value {
        let bound = |key: &str| schema.get(key).filter(|bound| bound.is_number()).cloned();
        match (self.rng.u8(..8), bound("minimum"), bound("maximum")) {
            (0, Some(minimum), _) => minimum,
            (1, _, Some(maximum)) => maximum,
            (2, ..) => json!(*pick(&mut self.rng, &FLOATS).unwrap_or(&0.0)),
            (3, ..) => json!(*pick(&mut self.rng, &INTEGERS).unwrap_or(&0)),
            _ => json!(self.rng.f64()),
        }
    }

    fn text(&mut self, schema: &Value) -> Value {
        let length = |key: &str| schema.get(key).and_then(Value::as_u64);
        match (length("minLength"), length("maxLength")) {
            (None, None) if !self.texts.is_empty() && self.rng.u8(..4) > 0 => {
                json!(pick(&mut self.rng, &self.texts))
            }
            (None, None) => json!(self.any_text()),
            (from, to) => {
                let from = from.unwrap_or(0);
                let length = self.rng.u64(from..=to.unwrap_or(from + 3));
                let text: String = (0..length).map(|_| self.rng.alphanumeric()).collect();
                json!(text)
            }
        }
    }

    fn list(&mut self, schema: &Value) -> Value {
        let length = |key: &str| schema.get(key).and_then(Value::as_u64);
        let from = length("minItems").unwrap_or(0);
        let to = length("maxItems").unwrap_or(from + 3);
        let anything = json!({});
        let item = schema.get("items").unwrap_or(&anything);
        let length = self.rng.u64(from..=to);
        (0..length).map(|_| self.made_to(item)).collect()
    }

    fn object(&mut self, schema: &Value) -> Value {
        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let fields = schema.get("properties").and_then(Value::as_object);
        let mut object = Map::new();
        for (name, field) in fields.into_iter().flatten() {
            let value = match (required.contains(&name.as_str()), self.rng.u8(..8)) {
                (false, 0..=2) => continue,
                (false, 3) => Value::Null,
                _ => self.made_to(field),
            };
            object.insert(name.clone(), value);
        }
        if schema.get("additionalProperties").is_none() && self.rng.u8(..8) == 0 {
            let value = self.anything(1);
            object.insert(self.any_name(), value);
        }
        Value::Object(object)
    }

    fn mutate(&mut self, value: &mut Value) {
        if self.rng.u8(..5) == 0 {
            *value = self.replacement(value);
            return;
        }
        match value {
            Value::Object(fields) if !fields.is_empty() => {
                let at = self.rng.usize(..fields.len());
                let name = fields.keys().nth(at).cloned().unwrap_or_default();
                match self.rng.u8(..6) {
                    0 => {
                        fields.remove(&name);
                    }
                    1 => {
                        let value = self.anything(1);
                        fields.insert(self.any_name(), value);
                    }
                    2 => {
                        let value = fields.remove(&name).unwrap_or_default();
                        fields.insert(self.any_name(), value);
                    }
                    _ => {
                        if let Some(field) = fields.get_mut(&name) {
                            self.mutate(field);
                        }
                    }
                }
            }
            Value::Array(items) if !items.is_empty() => {
                let at = self.rng.usize(..items.len());
                match self.rng.u8(..5) {
                    0 => {
                        items.remove(at);
                    }
                    1 => items.push(self.anything(1)),
                    2 => self.rng.shuffle(items),
                    _ => {
                        if let Some(item) = items.get_mut(at) {
                            self.mutate(item);
                        }
                    }
                }
            }
            value => *value = self.replacement(value),
        }
    }

    /// The same in another form, or something else.
    fn replacement(&mut self, value: &Value) -> Value {
        match (self.rng.u8(..6), value) {
            (0, value) => json!([value]),
            (1, Value::Number(number)) => json!(number.to_string()),
            (1, Value::Array(items)) => {
                let named = items.iter().enumerate();
                Value::Object(
                    named
                        .map(|(index, item)| (index.to_string(), item.clone()))
                        .collect(),
                )
            }
            (1, Value::Object(fields)) => fields.values().cloned().collect(),
            (2, _) => Value::Null,
            (3, _) => pick(&mut self.rng, &self.parts)
                .cloned()
                .unwrap_or_default(),
            _ => self.anything(2),
        }
    }

    fn anything(&mut self, depth: u8) -> Value {
        let kinds = if depth == 0 { 6 } else { 9 };
        match self.rng.u8(..kinds) {
            0 => Value::Null,
            1 => json!(self.rng.bool()),
            2 => json!(*pick(&mut self.rng, &INTEGERS).unwrap_or(&0)),
            3 => json!(*pick(&mut self.rng, &FLOATS).unwrap_or(&0.0)),
            4 => json!(self.any_text()),
            5 => match Number::from_f64(self.rng.f64() * 1e6) {
                Some(number) => Value::Number(number),
                None => json!(u64::MAX),
            },
            6 => {
                let length = self.rng.usize(..4);
                (0..length).map(|_| self.anything(depth - 1)).collect()
            }
            _ => {
                let length = self.rng.usize(..4);
                let fields = (0..length).map(|_| (self.any_name(), self.anything(depth - 1)));
                Value::Object(fields.collect())
            }
        }
    }

    fn any_text(&mut self) -> String {
        match pick(&mut self.rng, &self.texts) {
            Some(text) if self.rng.bool() => text.clone(),
            _ => (*pick(&mut self.rng, &TEXTS).unwrap_or(&"")).to_owned(),
        }
    }

    fn any_name(&mut self) -> String {
        pick(&mut self.rng, &self.names)
            .cloned()
            .unwrap_or_default()
    }
}

fn pick<'a, T>(rng: &mut Rng, from: &'a [T]) -> Option<&'a T> {
    from.get(rng.usize(..from.len().max(1)))
}

#[derive(Default)]
struct Collected {
    parts: Vec<Value>,
    texts: BTreeSet<String>,
    names: BTreeSet<String>,
}

impl Collected {
    fn add(&mut self, value: &Value) {
        self.parts.push(value.clone());
        match value {
            Value::String(text) => {
                self.texts.insert(text.clone());
            }
            Value::Array(items) => items.iter().for_each(|item| self.add(item)),
            Value::Object(fields) => {
                for (name, field) in fields {
                    self.names.insert(name.clone());
                    self.add(field);
                }
            }
            _ => {}
        }
    }

    fn names_of(&mut self, schema: &Value) {
        let fields = schema.get("properties").and_then(Value::as_object);
        for (name, field) in fields.into_iter().flatten() {
            self.names.insert(name.clone());
            self.names_of(field);
        }
        if let Some(items) = schema.get("items") {
            self.names_of(items);
        }
    }
}
