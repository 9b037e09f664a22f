//! What the node editor of a 2026 server makes of a schema: the fields that a show can bind.

use std::fmt;

use serde_json::{Map, Value};

use super::{Problem, schema as readable};

/// How many fields are looked for: references can make more of a short schema than there is room for.
const MOST: usize = 10_000;

/// What a field is to a show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum FieldKind {
    /// True or false.
    Boolean,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// A string.
    String,
    /// One of several strings.
    Choice,
    /// A color, with a picker; its parts are not fields of their own.
    Color,
    /// An array; what its items hold follows under `PATH[]`.
    Array,
    /// Something that happens, without data.
    Trigger,
    /// A gradient.
    Gradient,
    /// A field without a type, into which anything can be sent.
    Anything,
    /// A place into which nothing can be bound.
    None,
}

impl FieldKind {
    /// The kind in one word, as tables print it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::String => "string",
            Self::Choice => "choice",
            Self::Color => "color",
            Self::Array => "array",
            Self::Trigger => "trigger",
            Self::Gradient => "gradient",
            Self::Anything => "anything",
            Self::None => "none",
        }
    }
}

impl fmt::Display for FieldKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One field that a show sees in an action or an emitter.
///
/// `Display` is one cell of a table: `position.x: number`, `mode: choice of off|on`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Bindable {
    /// The way to it, as in `position.x` or `points[].x`; empty for a payload that is one value.
    pub path: String,
    /// What it is.
    pub kind: FieldKind,
    /// What a [`FieldKind::Choice`] offers.
    pub choices: Vec<String>,
}

impl fmt::Display for Bindable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        write!(f, "{}", self.kind)?;
        if self.kind == FieldKind::Choice {
            write!(f, " of {}", self.choices.join("|"))?;
        }
        Ok(())
    }
}

/// The fields that a show can bind in an action or an emitter with this schema, as a 2026 server
/// offers them, in the order of the schema.
///
/// Empty where there is nothing to bind: for an object without fields, and for a schema over which
/// the server drops the whole entity. A [`FieldKind::None`] or [`FieldKind::Anything`] is a field
/// that is there, but whose type is lost; that it was meant so is known to its author alone.
///
/// ```
/// let schema = serde_json::json!({"type": "object", "properties": {
///     "level": {"type": "number"},
///     "tip": {"anyOf": [{"type": "object"}, {"type": "null"}]},
/// }});
/// let fields: Vec<String> = rship_dev::bindable(&schema).iter().map(ToString::to_string).collect();
/// assert_eq!(fields, ["level: number", "tip: anything"]);
/// ```
#[must_use]
pub fn bindable(schema: &Value) -> Vec<Bindable> {
    // A reference that leads back to itself is fatal too, so what is left has an end.
    if readable::problems("schema", schema)
        .iter()
        .any(Problem::is_fatal)
    {
        return Vec::new();
    }
    let mut reader = Reader {
        root: schema,
        fields: Vec::new(),
    };
    let root = reader.resolve(schema);
    match shape_of(root) {
        Shape::Fields(fields) => reader.fields("", fields),
        // An action without arguments.
        Shape::Empty => {}
        shape => reader.shape("", shape),
    }
    reader.fields
}

/// What a schema is at first sight.
enum Shape<'a> {
    Leaf(FieldKind),
    Choice(Vec<String>),
    Array(Option<&'a Value>),
    Fields(&'a Map<String, Value>),
    /// An object without fields.
    Empty,
}

struct Reader<'a> {
    root: &'a Value,
    fields: Vec<Bindable>,
}

impl<'a> Reader<'a> {
    fn fields(&mut self, path: &str, fields: &'a Map<String, Value>) {
        for (name, field) in fields {
            let path = if path.is_empty() {
                name.clone()
            } else {
                format!("{path}.{name}")
            };
            self.field(&path, field);
        }
    }

    fn field(&mut self, path: &str, schema: &'a Value) {
        if self.fields.len() >= MOST {
            return;
        }
        let schema = self.resolve(schema);
        self.shape(path, shape_of(schema));
    }

    fn shape(&mut self, path: &str, shape: Shape<'a>) {
        match shape {
            Shape::Fields(fields) => self.fields(path, fields),
            Shape::Leaf(kind) => self.push(path, kind, Vec::new()),
            Shape::Choice(choices) => self.push(path, FieldKind::Choice, choices),
            Shape::Empty => self.push(path, FieldKind::None, Vec::new()),
            Shape::Array(items) => {
                self.push(path, FieldKind::Array, Vec::new());
                let item = format!("{path}[]");
                match items {
                    Some(items) => self.field(&item, items),
                    None => self.push(&item, FieldKind::Anything, Vec::new()),
                }
            }
        }
    }

    fn push(&mut self, path: &str, kind: FieldKind, choices: Vec<String>) {
        self.fields.push(Bindable {
            path: path.to_owned(),
            kind,
            choices,
        });
    }

    /// A 2026 server finds a reference by its last segment, wherever it says it points.
    fn resolve(&self, schema: &'a Value) -> &'a Value {
        let mut schema = schema;
        while let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let name = reference.rsplit('/').next().unwrap_or(reference);
            let found = ["$defs", "definitions"]
                .iter()
                .find_map(|definitions| self.root.get(definitions)?.get(name));
            match found {
                Some(found) => schema = found,
                None => return &Value::Null,
            }
        }
        schema
    }
}

fn shape_of(schema: &Value) -> Shape<'_> {
    let Some(schema) = schema.as_object() else {
        return Shape::Leaf(FieldKind::Anything);
    };
    match schema.get("format").and_then(Value::as_str) {
        Some("exec-tick") => return Shape::Leaf(FieldKind::Trigger),
        Some("gradient") => return Shape::Leaf(FieldKind::Gradient),
        _ => {}
    }
    if let Some(members) = schema.get("oneOf").and_then(Value::as_array) {
        return choices(members);
    }
    if ["anyOf", "allOf"]
        .iter()
        .any(|key| schema.contains_key(*key))
    {
        return Shape::Leaf(FieldKind::Anything);
    }
    Shape::Leaf(match schema.get("type").and_then(Value::as_str) {
        Some("boolean") => FieldKind::Boolean,
        Some("integer") => FieldKind::Integer,
        Some("number") => FieldKind::Number,
        Some("string") => FieldKind::String,
        Some("array") => {
            return Shape::Array(schema.get("items").filter(|items| items.is_object()));
        }
        Some("object") => return object(schema),
        Some(_) => FieldKind::None,
        None => FieldKind::Anything,
    })
}

/// The members that are a constant string are choices, the others are lost.
fn choices(members: &[Value]) -> Shape<'_> {
    let strings: Vec<String> = members
        .iter()
        .filter_map(|member| member.get("const")?.as_str().map(str::to_owned))
        .collect();
    if strings.is_empty() {
        Shape::Leaf(FieldKind::Anything)
    } else {
        Shape::Choice(strings)
    }
}

fn object(schema: &Map<String, Value>) -> Shape<'_> {
    let fields = schema
        .get("properties")
        .and_then(Value::as_object)
        .filter(|fields| !fields.is_empty());
    match fields {
        Some(fields) if is_color(fields) => Shape::Leaf(FieldKind::Color),
        Some(fields) => Shape::Fields(fields),
        // A map: the server knows no field of it.
        None if schema
            .get("additionalProperties")
            .is_some_and(|extra| *extra != Value::Bool(false)) =>
        {
            Shape::Leaf(FieldKind::None)
        }
        None => Shape::Empty,
    }
}

/// Whether a server takes an object with these fields for a color: exactly its parts, in any case, and
/// numbers all of them.
pub(crate) fn is_color(fields: &Map<String, Value>) -> bool {
    const COLORS: [&[&str]; 8] = [
        &["b", "g", "r"],
        &["a", "b", "g", "r"],
        &["blue", "green", "red"],
        &["alpha", "blue", "green", "red"],
        &["h", "l", "s"],
        &["a", "h", "l", "s"],
        &["h", "s", "v"],
        &["a", "h", "s", "v"],
    ];
    let mut names: Vec<String> = fields.keys().map(|name| name.to_lowercase()).collect();
    names.sort_unstable();
    let numbers = fields.values().all(|field| {
        matches!(
            field.get("type").and_then(Value::as_str),
            Some("number" | "integer")
        )
    });
    numbers && COLORS.iter().any(|color| names == *color)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(schema: &Value) -> Vec<String> {
        bindable(schema).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn fields_are_named_by_the_way_to_them() {
        let point = json!({"type": "object", "properties": {"x": {"type": "number"}, "n": {"type": "integer"}}});
        let schema = json!({"type": "object", "properties": {
            "at": point, "go": {"format": "exec-tick"}, "on": {"type": "boolean"},
            "points": {"type": "array", "items": point}, "ramp": {"type": "array", "format": "gradient"},
        }});
        assert_eq!(
            read(&schema),
            [
                "at.n: integer",
                "at.x: number",
                "go: trigger",
                "on: boolean",
                "points: array",
                "points[].n: integer",
                "points[].x: number",
                "ramp: gradient",
            ]
        );
    }

    #[test]
    fn a_payload_that_is_one_value_is_one_field_without_a_name() {
        assert_eq!(read(&json!({"type": "string"})), ["string"]);
        assert_eq!(
            read(&json!({"type": "array", "items": {"type": "number"}})),
            ["array", "[]: number"]
        );
        assert_eq!(read(&json!({})), ["anything"]);
        assert_eq!(read(&json!({"type": "null"})), ["none"]);
    }

    #[test]
    fn an_action_without_arguments_has_nothing_to_bind() {
        assert_eq!(read(&json!({"type": "object", "properties": {}})), [""; 0]);
        assert_eq!(read(&json!({"type": "object"})), [""; 0]);
        assert_eq!(
            read(&json!({"type": "object", "properties": {"a": {"type": "object"}}})),
            ["a: none"]
        );
    }

    #[test]
    fn choices_are_the_constants_of_one_of() {
        let (off, on) = (
            json!({"const": "off", "title": "Off"}),
            json!({"const": "on", "title": "On"}),
        );
        assert_eq!(
            read(&json!({"type": "string", "enum": ["off", "on"], "oneOf": [off, on]})),
            ["choice of off|on"]
        );
        assert_eq!(
            read(&json!({"oneOf": [{"type": "string", "enum": ["off"]}, on]})),
            ["choice of on"]
        );
        assert_eq!(
            read(&json!({"type": "string", "enum": ["off", "on"]})),
            ["string"]
        );
        assert_eq!(
            read(&json!({"oneOf": [{"const": 1}, {"const": 2}]})),
            ["anything"]
        );
        assert_eq!(read(&json!({"oneOf": [{"type": "object"}]})), ["anything"]);
    }

    #[test]
    fn a_color_has_exactly_its_parts_and_they_are_numbers() {
        let number = json!({"type": "number"});
        let object = |fields: Value| json!({"type": "object", "properties": fields});
        assert_eq!(
            read(&object(json!({"r": number, "g": number, "b": number}))),
            ["color"]
        );
        assert_eq!(
            read(&object(
                json!({"H": number, "S": {"type": "integer"}, "V": number, "A": number})
            )),
            ["color"]
        );
        let nested = object(
            json!({"fill": object(json!({"red": number, "green": number, "blue": number}))}),
        );
        assert_eq!(read(&nested), ["fill: color"]);
        assert_eq!(
            read(&object(
                json!({"r": number, "g": number, "b": {"type": "string"}})
            )),
            ["b: string", "g: number", "r: number"]
        );
        assert_eq!(
            read(&object(json!({"r": number, "g": number}))),
            ["g: number", "r: number"]
        );
    }

    #[test]
    fn what_a_server_does_not_understand_is_anything_or_nothing() {
        let object = json!({"type": "object"});
        assert_eq!(
            read(&json!({"anyOf": [object, {"type": "null"}]})),
            ["anything"]
        );
        assert_eq!(read(&json!({"allOf": [object]})), ["anything"]);
        assert_eq!(
            read(&json!({"properties": {"a": {"type": "number"}}})),
            ["anything"]
        );
        assert_eq!(
            read(&json!({"type": "object", "additionalProperties": {"type": "number"}})),
            ["none"]
        );
        assert_eq!(
            read(&json!({"type": "array", "prefixItems": [{"type": "number"}]})),
            ["array", "[]: anything"]
        );
    }

    #[test]
    fn references_are_followed_by_their_last_segment() {
        let schema = json!({
            "type": "object",
            "properties": {"a": {"$ref": "#/elsewhere/P"}, "b": {"$ref": "#/$defs/Gone"}},
            "$defs": {"P": {"type": "object", "properties": {"x": {"type": "number"}}}},
        });
        assert_eq!(read(&schema), ["a.x: number", "b: anything"]);
    }

    #[test]
    fn references_that_multiply_come_to_an_end() {
        let twice = |n: u32| json!({"$ref": format!("#/$defs/{n}")});
        let mut defs: Map<_, _> = (0..60)
            .map(|n| {
                let fields = json!({"a": twice(n + 1), "b": twice(n + 1)});
                (
                    n.to_string(),
                    json!({"type": "object", "properties": fields}),
                )
            })
            .collect();
        defs.insert("60".to_owned(), json!({"type": "number"}));
        let schema = json!({"$ref": "#/$defs/0", "$defs": defs});
        assert_eq!(bindable(&schema).len(), MOST);
    }

    #[test]
    fn of_a_schema_that_is_dropped_nothing_is_left() {
        for schema in [
            json!({"type": "object", "properties": {"a": {"type": ["number", "null"]}, "b": {"type": "number"}}}),
            json!({"type": "object", "properties": {"a": true}}),
            json!({"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/A"}}}),
            json!({"$ref": "#"}),
        ] {
            assert_eq!(read(&schema), [""; 0], "{schema}");
        }
    }
}
