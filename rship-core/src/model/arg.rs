//! Arguments: their schema when described, their decoding when called.

use std::cmp::Ordering;
use std::sync::{Arc, Mutex, RwLock, atomic};

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Number, Value};

use crate::entity::LayoutField;
use crate::json;
use crate::model::live::{Rule, What};
use crate::model::{ActionError, Choices, Limit, Problem};
use crate::payload::{self, PayloadError, compare};
use crate::schema::{self, Property, SchemaError, TypeSchema};
use crate::shortest;

/// A type that can be the argument of an action; implemented for everything that has
/// `serde::Deserialize` and `schemars::JsonSchema`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the argument of an action",
    label = "this type must implement `Deserialize` and `JsonSchema`",
    note = "derive both on a type of your own: `#[derive(serde::Deserialize, schemars::JsonSchema)]`, with version 1 of `schemars`",
    note = "for a type of another crate inside of yours, `#[serde(with = \"..\")]` on the field says how it is read, and `#[schemars(with = \"f64\")]` beside it as what",
    note = "what has no value that could be sent, such as an `Instant`, a lock, a handle or an `Emitter`, cannot be an argument; take plain data in its place"
)]
pub trait ArgumentValue: Sized + 'static {
    #[doc(hidden)]
    fn argument_schema() -> Result<TypeSchema, SchemaError>;
    #[doc(hidden)]
    fn decode(path: &str, value: &Value) -> Result<Self, PayloadError>;
}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned + JsonSchema + 'static> ArgumentValue for T {
    fn argument_schema() -> Result<TypeSchema, SchemaError> {
        schema::of_argument::<T>()
    }

    fn decode(path: &str, value: &Value) -> Result<Self, PayloadError> {
        payload::decode(path, value)
    }
}

/// A type that a text can be the default of: all that a `&'static str` can be made into.
#[diagnostic::on_unimplemented(
    message = "a text cannot be the default of an argument of type `{Self}`",
    label = "this type cannot be made of a text",
    note = "write `default` with a value of the type `{Self}`"
)]
pub trait FromText {
    #[doc(hidden)]
    fn from_text(text: &'static str) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: From<&'static str>> FromText for T {
    fn from_text(text: &'static str) -> Self {
        text.into()
    }
}

/// A type whose values can be held between `min` and `max`: the numbers, and an `Option` of one.
#[diagnostic::on_unimplemented(
    message = "`min` and `max` need a number, and `{Self}` is not one",
    label = "has no order that a server could check",
    note = "remove `min` and `max`, or write a number type"
)]
pub trait Bounded {
    /// The type of the bound.
    type Bound: Serialize + PartialOrd;

    /// The number, if there is one.
    #[doc(hidden)]
    fn number(&self) -> Option<Self::Bound>;
}

macro_rules! bounded {
    ($($number:ty)*) => {$(
        #[diagnostic::do_not_recommend]
        impl Bounded for $number {
            type Bound = $number;

            fn number(&self) -> Option<$number> {
                Some(*self)
            }
        }
    )*};
}

bounded!(i8 i16 i32 i64 isize u8 u16 u32 u64 usize f32 f64);

#[diagnostic::do_not_recommend]
impl<T: Bounded> Bounded for Option<T> {
    type Bound = T::Bound;

    fn number(&self) -> Option<T::Bound> {
        self.as_ref()?.number()
    }
}

#[diagnostic::do_not_recommend]
impl<T: Bounded> Bounded for Arc<T> {
    type Bound = T::Bound;

    fn number(&self) -> Option<T::Bound> {
        (**self).number()
    }
}

#[diagnostic::do_not_recommend]
impl<T: Bounded> Bounded for Mutex<T> {
    type Bound = T::Bound;

    fn number(&self) -> Option<T::Bound> {
        self.lock().ok()?.number()
    }
}

#[diagnostic::do_not_recommend]
impl<T: Bounded> Bounded for RwLock<T> {
    type Bound = T::Bound;

    fn number(&self) -> Option<T::Bound> {
        self.read().ok()?.number()
    }
}

macro_rules! bounded_atomics {
    ($($atomic:ident $number:ty,)*) => {$(
        #[diagnostic::do_not_recommend]
        impl Bounded for atomic::$atomic {
            type Bound = $number;

            fn number(&self) -> Option<$number> {
                Some(self.load(atomic::Ordering::Relaxed))
            }
        }
    )*};
}

bounded_atomics! {
    AtomicI8 i8, AtomicI16 i16, AtomicI32 i32, AtomicI64 i64, AtomicIsize isize,
    AtomicU8 u8, AtomicU16 u16, AtomicU32 u32, AtomicU64 u64, AtomicUsize usize,
}

/// One argument of an action, while the action is being described.
pub struct Arg<T> {
    name: &'static str,
    doc: Option<String>,
    label: Option<String>,
    section: Option<String>,
    pub(crate) schema: Result<TypeSchema, SchemaError>,
    pub(crate) flatten: bool,
    minimum: Option<Value>,
    maximum: Option<Value>,
    /// The number that a value is; known where there are bounds.
    measure: Option<MeasureFn<T>>,
    live: Vec<Rule>,
    shown_default: Option<Value>,
    default: Option<DefaultFn<T>>,
    pub(crate) decode: DecodeFn<T>,
}

type MeasureFn<T> = fn(&T) -> Option<Value>;
type DefaultFn<T> = Arc<dyn Fn() -> T + Send + Sync>;
type DecodeFn<T> = fn(&str, &Value) -> Result<T, PayloadError>;

// The bounds are on the functions, not on the impls: that makes a type without them one message in
// the words of the trait, at the type.
impl<T> Arg<T> {
    /// An argument with this name in the payload object.
    #[must_use]
    pub fn new(name: &'static str) -> Self
    where
        T: ArgumentValue + Send,
    {
        Self {
            name,
            doc: None,
            label: None,
            section: None,
            schema: T::argument_schema(),
            flatten: false,
            minimum: None,
            maximum: None,
            measure: None,
            live: Vec::new(),
            shown_default: None,
            default: None,
            decode: T::decode,
        }
    }

    /// An argument of the type that `published` makes of a field, for an action that sets what an
    /// emitter publishes.
    #[must_use]
    pub fn published_by<F>(name: &'static str, _published: fn(&F) -> T) -> Self
    where
        T: ArgumentValue + Send,
    {
        Self::new(name)
    }

    /// What the argument means; the server shows it.
    #[must_use]
    pub fn doc(mut self, text: impl Into<String>) -> Self {
        self.doc = Some(text.into());
        self
    }

    /// What a form shows in place of the argument's name.
    #[must_use]
    pub fn label(mut self, text: impl Into<String>) -> Self {
        self.label = Some(text.into());
        self
    }

    /// The heading under which a form shows the argument.
    #[must_use]
    pub fn section(mut self, heading: impl Into<String>) -> Self {
        self.section = Some(heading.into());
        self
    }

    /// The value to use when the payload has none.
    #[must_use]
    pub fn default(mut self, value: impl Fn() -> T + Send + Sync + 'static) -> Self {
        self.default = Some(Arc::new(value));
        self
    }

    /// What can be chosen when the action is called: asked of the target, a `S`, each time, and shown as
    /// it is then. Of a list, each item is one of the choices.
    #[must_use]
    pub fn choices_by<S: 'static>(
        mut self,
        choices: impl Fn(&S) -> Choices + Send + Sync + 'static,
    ) -> Self {
        self.live.push(Rule::choices(choices));
        self
    }

    /// The text to use when the payload has none; the schema shows it.
    #[must_use]
    pub fn default_text(mut self, text: &'static str) -> Self
    where
        T: FromText,
    {
        self.shown_default = Some(Value::String(text.to_owned()));
        self.default(move || T::from_text(text))
    }

    /// Has the schema show the default, which is the same in every run.
    #[must_use]
    pub fn show_default(mut self) -> Self
    where
        T: Serialize,
    {
        let default = self.default.as_ref();
        self.shown_default = default.and_then(|default| shortest::to_value(&default()).ok());
        self
    }

    /// The argument's own fields are the payload's fields.
    #[must_use]
    pub fn flatten(mut self) -> Self {
        self.flatten = true;
        self
    }

    /// What reads this argument out of a payload.
    #[must_use]
    pub fn reader(&self) -> ArgReader<T> {
        ArgReader {
            name: self.name,
            flatten: self.flatten,
            fields: self.fields(),
            default: self.default.clone(),
            bounds: self.measure.map(|measure| Bounds {
                minimum: copy_of(&self.minimum),
                maximum: copy_of(&self.maximum),
                measure,
            }),
            decode: self.decode,
        }
    }

    /// The payload's fields that a flattened argument takes.
    fn fields(&self) -> Vec<String> {
        match &self.schema {
            Ok(own) if self.flatten => fields(own),
            _ => Vec::new(),
        }
    }

    /// What a form shows for this argument.
    pub(crate) fn layout(&self) -> Vec<LayoutField> {
        let (paths, label) = if self.flatten {
            (self.fields(), None)
        } else {
            (vec![self.name.to_owned()], self.label.clone())
        };
        let fields = paths.into_iter().map(|path| LayoutField {
            path,
            label: label.clone(),
            section: self.section.clone(),
        });
        fields.collect()
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// What is asked of the target when the action is called.
    pub(crate) fn live(&self) -> &[Rule] {
        &self.live
    }

    /// What is wrong with its bounds, and with its default where that is known.
    pub(crate) fn problems(&self, action: &str) -> Vec<Problem> {
        let of = (action, self.name);
        problems(of, &self.minimum, &self.maximum, &self.shown_default)
    }

    pub(crate) fn schema(&self) -> Result<TypeSchema, SchemaError> {
        copy(&self.schema)
    }

    /// The argument's schema with its bounds, for a payload that is the value itself.
    pub(crate) fn bounded_schema(&self) -> Result<TypeSchema, SchemaError> {
        let mut own = self.schema()?;
        bound(&mut own.schema, &self.minimum, &self.maximum, &self.doc);
        Ok(own)
    }

    pub(crate) fn property(&self, schema: TypeSchema) -> Property {
        Property {
            name: self.name.to_owned(),
            required: !schema.nullable && self.default.is_none(),
            schema,
            description: self.doc.clone(),
            default: copy_of(&self.shown_default),
            minimum: copy_of(&self.minimum),
            maximum: copy_of(&self.maximum),
        }
    }
}

impl<T> Arg<T> {
    /// The lowest value allowed.
    #[must_use]
    pub fn min(mut self, bound: T::Bound) -> Self
    where
        T: Bounded,
    {
        self.minimum = shortest::to_value(&bound).ok();
        self.measure = Some(measure);
        self
    }

    /// The lowest value allowed, as a whole number, whatever the number type is.
    #[must_use]
    pub fn min_whole(mut self, bound: i64) -> Self
    where
        T: Bounded,
    {
        self.minimum = Some(bound.into());
        self.measure = Some(measure);
        self
    }

    /// The highest value allowed, as a whole number, whatever the number type is.
    #[must_use]
    pub fn max_whole(mut self, bound: i64) -> Self
    where
        T: Bounded,
    {
        self.maximum = Some(bound.into());
        self.measure = Some(measure);
        self
    }

    /// The highest value allowed.
    #[must_use]
    pub fn max(mut self, bound: T::Bound) -> Self
    where
        T: Bounded,
    {
        self.maximum = shortest::to_value(&bound).ok();
        self.measure = Some(measure);
        self
    }

    /// The lowest value allowed when the action is called: asked of the target, a `S`, each time.
    #[must_use]
    pub fn min_by<S: 'static>(mut self, limit: impl Fn(&S) -> Limit + Send + Sync + 'static) -> Self
    where
        T: Bounded,
    {
        self.live.push(Rule::limit(What::Minimum, limit));
        self
    }

    /// The highest value allowed when the action is called: asked of the target, a `S`, each time.
    #[must_use]
    pub fn max_by<S: 'static>(mut self, limit: impl Fn(&S) -> Limit + Send + Sync + 'static) -> Self
    where
        T: Bounded,
    {
        self.live.push(Rule::limit(What::Maximum, limit));
        self
    }
}

// What does not depend on the argument's type is compiled once, and not for each.

fn fields(own: &TypeSchema) -> Vec<String> {
    let properties = own.schema.get("properties").and_then(Value::as_object);
    properties.map_or_else(Vec::new, |all| all.keys().cloned().collect())
}

fn problems(
    (action, argument): (&str, &str),
    minimum: &Option<Value>,
    maximum: &Option<Value>,
    default: &Option<Value>,
) -> Vec<Problem> {
    let member = || format!("action `{action}`, argument `{argument}`");
    let mut problems = Vec::new();
    for (key, bound) in [("min", minimum), ("max", maximum)] {
        if matches!(bound, Some(Value::Null)) {
            problems.push(Problem::NotFinite {
                member: member(),
                key,
            });
        }
    }
    let (minimum, maximum) = (number(minimum), number(maximum));
    if is_above(minimum, maximum) {
        problems.push(Problem::EmptyRange { member: member() });
    } else if let Some(default) = number(default)
        && is_outside(default, minimum, maximum)
    {
        problems.push(Problem::DefaultOutside {
            member: member(),
            default: default.clone(),
        });
    }
    problems
}

fn copy(schema: &Result<TypeSchema, SchemaError>) -> Result<TypeSchema, SchemaError> {
    schema.clone()
}

fn copy_of(value: &Option<Value>) -> Option<Value> {
    value.clone()
}

fn bound(
    schema: &mut Value,
    minimum: &Option<Value>,
    maximum: &Option<Value>,
    doc: &Option<String>,
) {
    let Some(schema) = schema.as_object_mut() else {
        return;
    };
    for (keyword, bound) in [("minimum", minimum), ("maximum", maximum)] {
        if let Some(bound) = bound {
            json::set(schema, keyword, bound.clone());
        }
    }
    if let Some(doc) = doc {
        json::set(schema, "description", Value::String(doc.clone()));
    }
}

fn number(value: &Option<Value>) -> Option<&Number> {
    value.as_ref().and_then(Value::as_number)
}

fn measure<T: Bounded>(value: &T) -> Option<Value> {
    shortest::to_value(&value.number()?).ok()
}

fn is_outside(number: &Number, minimum: Option<&Number>, maximum: Option<&Number>) -> bool {
    is_above(minimum, Some(number)) || is_above(Some(number), maximum)
}

fn is_above(one: Option<&Number>, other: Option<&Number>) -> bool {
    let ordering = one.zip(other).and_then(|(one, other)| compare(one, other));
    ordering == Some(Ordering::Greater)
}

/// Reads one argument out of a payload that was checked.
pub struct ArgReader<T> {
    name: &'static str,
    flatten: bool,
    fields: Vec<String>,
    default: Option<DefaultFn<T>>,
    bounds: Option<Bounds<T>>,
    decode: DecodeFn<T>,
}

/// What a default, which only its own code knows, is held against.
struct Bounds<T> {
    minimum: Option<Value>,
    maximum: Option<Value>,
    measure: MeasureFn<T>,
}

impl<T> ArgReader<T> {
    fn default(&self, default: &DefaultFn<T>) -> Result<T, ActionError> {
        let value = default();
        if let Some(bounds) = &self.bounds
            && let Some(Value::Number(number)) = (bounds.measure)(&value)
            && is_outside(
                &number,
                self::number(&bounds.minimum),
                self::number(&bounds.maximum),
            )
        {
            let problem = Problem::DefaultOutside {
                member: format!("argument `{}`", self.name),
                default: number,
            };
            return Err(ActionError::Failed(problem.to_string()));
        }
        Ok(value)
    }
}

/// The payload of one call.
#[derive(Debug)]
pub struct Args {
    payload: Value,
}

impl Args {
    /// The arguments in `payload`, which passed the action's check.
    #[must_use]
    pub fn new(payload: Value) -> Self {
        Self { payload }
    }

    /// The payload as a whole.
    #[must_use]
    pub fn payload(&self) -> &Value {
        &self.payload
    }

    /// Takes one argument out.
    ///
    /// # Errors
    /// When it is missing and has no default, or when its decoder refuses it.
    pub fn read<T>(&mut self, reader: &ArgReader<T>) -> Result<T, ActionError> {
        if reader.flatten {
            return Ok((reader.decode)("", &self.take_fields(&reader.fields))?);
        }
        match (self.take(reader.name), &reader.default) {
            (Some(value), _) => Ok((reader.decode)(reader.name, &value)?),
            (None, Some(default)) => reader.default(default),
            // The check let a missing argument pass, so its type takes null: an `Option` or the like.
            (None, None) => Ok((reader.decode)(reader.name, &Value::Null)?),
        }
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        self.payload.as_object_mut()?.remove(name)
    }

    fn take_fields(&mut self, fields: &[String]) -> Value {
        let Some(payload) = self.payload.as_object_mut() else {
            return Value::Object(Map::new());
        };
        if fields.is_empty() {
            return Value::Object(std::mem::take(payload));
        }
        let mut taken = Map::new();
        for field in fields {
            if let Some(value) = payload.remove(field) {
                json::set(&mut taken, field, value);
            }
        }
        Value::Object(taken)
    }
}
