//! Choices and bounds that only the running device knows: read from it, shown in the schema, checked.

use std::io;
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::json;
use crate::model::AnyTarget;
use crate::payload::{Checker, Got, PayloadError, in_words};
use crate::schema::write_choices;

/// How long the choices of an argument may be as JSON, in bytes: they are read whenever the target has
/// changed, checked with each command, and shown whole.
const MOST: usize = 1 << 20;

/// What stands in place of choices that are longer.
const TOO_MANY: &[u8] = b"\"too many\"";

/// What can be gone through as the choices of an argument; implemented for everything that is
/// `IntoIterator` over values that are `Serialize`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the choices of an argument",
    label = "the method must return an array of values",
    note = "return an array of values that are `Serialize`, such as `Vec<String>`"
)]
pub trait ChoiceList {
    #[doc(hidden)]
    fn write(self, json: &mut Vec<u8>);
}

#[diagnostic::do_not_recommend]
impl<L> ChoiceList for L
where
    L: IntoIterator,
    L::Item: Serialize,
{
    fn write(self, json: &mut Vec<u8>) {
        json.push(b'[');
        let mut first = true;
        for choice in self {
            // What cannot be written as JSON cannot be chosen by anybody.
            let start = json.len();
            if !std::mem::take(&mut first) {
                json.push(b',');
            }
            let mut room = Room {
                json: &mut *json,
                is_over: false,
            };
            if serde_json::to_writer(&mut room, &choice).is_err() {
                if room.is_over {
                    json.clear();
                    json.extend_from_slice(TOO_MANY);
                    return;
                }
                json.truncate(start);
                first = start == 1;
            }
        }
        json.push(b']');
    }
}

/// Where choices are written, as long as they have room.
struct Room<'j> {
    json: &'j mut Vec<u8>,
    is_over: bool,
}

impl io::Write for Room<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.json.len() + bytes.len() > MOST {
            self.is_over = true;
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.json.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What can be a bound: the numbers, and an `Option` of one where there may be none.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the bound of an argument",
    label = "the method must return a number",
    note = "return a number, or an `Option` of one where there may be no bound"
)]
pub trait LimitValue: Serialize {}

macro_rules! limits {
    ($($number:ty)*) => {$(
        #[diagnostic::do_not_recommend]
        impl LimitValue for $number {}
    )*};
}

limits!(i8 i16 i32 i64 isize u8 u16 u32 u64 usize f32 f64);

#[diagnostic::do_not_recommend]
impl<N: LimitValue> LimitValue for Option<N> {}

/// What can be chosen at one moment.
#[derive(Debug, Clone)]
pub struct Choices(Vec<u8>);

impl Choices {
    /// These values, in the form in which the argument takes them.
    pub fn of(list: impl ChoiceList) -> Self {
        let mut json = Vec::new();
        list.write(&mut json);
        Self(json)
    }
}

/// A bound at one moment.
#[derive(Debug, Clone)]
pub struct Limit(Vec<u8>);

impl Limit {
    /// This number; `None` and what is not finite are no bound.
    pub fn of(limit: impl LimitValue) -> Self {
        Self(serde_json::to_vec(&limit).unwrap_or_else(|_| b"null".to_vec()))
    }
}

/// What the device says of the choices and bounds of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Present {
    /// The action has none.
    Nothing,
    /// They were appended.
    Said,
    /// The same, and some choices are too long to be shown or checked.
    TooMany,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Choices,
    Minimum,
    Maximum,
}

type ReadFn = dyn Fn(&AnyTarget) -> Option<Vec<u8>> + Send + Sync;

/// One choice list or bound, and how the device is asked for it.
#[derive(Clone)]
pub(crate) struct Rule {
    /// The argument; `None` for a payload that is the value itself.
    argument: Option<String>,
    what: What,
    read: Arc<ReadFn>,
}

impl Rule {
    pub(crate) fn choices<S: 'static>(
        read: impl Fn(&S) -> Choices + Send + Sync + 'static,
    ) -> Self {
        Self::new(What::Choices, move |target| read(target).0)
    }

    pub(crate) fn limit<S: 'static>(
        what: What,
        read: impl Fn(&S) -> Limit + Send + Sync + 'static,
    ) -> Self {
        Self::new(what, move |target| read(target).0)
    }

    fn new<S: 'static>(what: What, read: impl Fn(&S) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self {
            argument: None,
            what,
            read: Arc::new(move |target| target.downcast_ref().map(&read)),
        }
    }

    pub(crate) fn of_argument(mut self, name: &str) -> Self {
        self.argument = Some(name.to_owned());
        self
    }

    /// The part of an action's schema that it is about.
    fn part<'s>(&self, schema: &'s mut Value) -> Option<&'s mut Map<String, Value>> {
        let part = match &self.argument {
            Some(name) => schema.get_mut("properties")?.get_mut(name)?,
            None => schema,
        };
        part.as_object_mut()
    }
}

/// The rules of one action.
pub(crate) struct Live {
    /// The schema without them.
    base: Value,
    rules: Vec<Rule>,
}

impl Live {
    /// `None` when nothing is left to the device; else `schema` gets a remark.
    pub(crate) fn new(schema: &mut Value, rules: Vec<Rule>) -> Option<Self> {
        if rules.is_empty() {
            return None;
        }
        let base = schema.clone();
        for (index, rule) in rules.iter().enumerate() {
            let of_same = |other: &&Rule| other.argument == rule.argument;
            if rules.iter().take(index).any(|other| of_same(&other)) {
                continue;
            }
            let is_list = |rule: &Rule| rule.what == What::Choices;
            let lists = rules.iter().filter(of_same).any(is_list);
            let limits = rules.iter().filter(of_same).any(|other| !is_list(other));
            let what = match (lists, limits) {
                (true, true) => "choices and bounds",
                (true, false) => "choices",
                (false, _) => "bounds",
            };
            if let Some(part) = rule.part(schema) {
                remark(
                    part,
                    &format!("Its {what} are those of the running device."),
                );
            }
        }
        Some(Self { base, rules })
    }

    /// Appends what the device says now: an array with an item for each rule.
    pub(crate) fn read(&self, target: &AnyTarget, json: &mut Vec<u8>) -> Present {
        let mut present = Present::Said;
        json.push(b'[');
        for (index, rule) in self.rules.iter().enumerate() {
            if index > 0 {
                json.push(b',');
            }
            match (rule.read)(target) {
                Some(said) => {
                    if said == TOO_MANY {
                        present = Present::TooMany;
                    }
                    json.extend_from_slice(&said);
                }
                None => json.extend_from_slice(b"null"),
            }
        }
        json.push(b']');
        present
    }

    /// The schema with what the device said.
    pub(crate) fn schema(&self, said: &[u8]) -> Value {
        let mut schema = self.base.clone();
        // What is not understood leaves the schema as it is without.
        let said = listed(said);
        for (rule, said) in self.rules.iter().zip(said) {
            if let Some(part) = rule.part(&mut schema) {
                apply(part, rule.what, said);
            }
        }
        schema
    }

    /// Checks a payload that has the form of the schema by what the device says now.
    pub(crate) fn check(
        &self,
        target: &AnyTarget,
        payload: &mut Value,
    ) -> Result<(), PayloadError> {
        let mut json = Vec::new();
        self.read(target, &mut json);
        let said = listed(&json);
        for (rule, said) in self.rules.iter().zip(&said) {
            let argument = rule.argument.as_deref();
            match said {
                Value::Array(choices) if rule.what == What::Choices && choices.is_empty() => {
                    nothing_to_choose(argument, payload)?;
                }
                Value::String(_) => return Err(too_many(argument)),
                _ => {}
            }
        }
        Checker::compile(&self.schema(&json))
            .check(payload)
            .map(drop)
    }
}

/// What was said, by rule.
fn listed(said: &[u8]) -> Vec<Value> {
    match json::read(said) {
        Ok(Value::Array(said)) => said,
        _ => Vec::new(),
    }
}

/// What cannot be checked is not carried out.
fn too_many(argument: Option<&str>) -> PayloadError {
    PayloadError {
        path: argument.unwrap_or_default().to_owned(),
        expected: String::new(),
        got: Got::Refused(
            "the device has more choices than the 1 MiB that an argument may have".to_owned(),
        ),
    }
}

/// Without choices a schema says nothing of them, and yet nothing can be chosen.
fn nothing_to_choose(argument: Option<&str>, payload: &Value) -> Result<(), PayloadError> {
    let value = match argument {
        Some(name) => payload.get(name),
        None => Some(payload),
    };
    match value {
        None | Some(Value::Null) => Ok(()),
        Some(Value::Array(items)) if items.is_empty() => Ok(()),
        Some(value) => Err(PayloadError {
            path: argument.unwrap_or_default().to_owned(),
            expected: "nothing, because there is nothing to choose from now".to_owned(),
            got: Got::Value(in_words(value)),
        }),
    }
}

fn apply(part: &mut Map<String, Value>, what: What, said: Value) {
    match (what, said) {
        (What::Choices, Value::Array(choices)) if choices.is_empty() => {
            remark(part, "There is nothing to choose from now.");
        }
        (What::Choices, Value::Array(choices)) => {
            let is_array = part.get("type").and_then(Value::as_str) == Some("array");
            // Several may be chosen: each item is one of them.
            match part.get_mut("items").and_then(Value::as_object_mut) {
                Some(items) if is_array => write_choices(items, choices),
                _ => write_choices(part, choices),
            }
        }
        (What::Choices, Value::String(_)) => {
            remark(part, "There are too many choices to list them.");
        }
        (What::Minimum, limit @ Value::Number(_)) => {
            part.insert("minimum".to_owned(), limit);
        }
        (What::Maximum, limit @ Value::Number(_)) => {
            part.insert("maximum".to_owned(), limit);
        }
        _ => {}
    }
}

fn remark(part: &mut Map<String, Value>, text: &str) {
    let description = match part.get("description").and_then(Value::as_str) {
        Some(own) if own.ends_with(['.', '!', '?', ':']) => format!("{own} {text}"),
        Some(own) => format!("{own}. {text}"),
        None => text.to_owned(),
    };
    part.insert("description".to_owned(), Value::String(description));
}

#[cfg(test)]
mod tests;
