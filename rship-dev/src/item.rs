//! An entity as it is kept: the text of its JSON, of which a part becomes values when somebody asks for it.

use std::borrow::Cow;
use std::fmt;

use memchr::memmem;
use serde::de::{Deserializer as _, IgnoredAny, MapAccess, Visitor};
use serde::ser::{Error as _, Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

use crate::reading::plain::Pulse;

/// The fields of one entity; a tree of them would take ten times the memory.
#[derive(Debug, Clone)]
pub(crate) enum Item {
    /// As the core writes it.
    Written(Box<RawValue>),
    /// A pulse as it came, in memory that the emitter's next one takes over.
    Pulse(String),
}

impl Item {
    /// What these fields are kept as.
    pub(crate) fn new(fields: &Map<String, Value>) -> Self {
        // Fields always have a text.
        Self::Written(to_raw_value(fields).unwrap_or_default())
    }

    /// The text of its JSON.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Written(text) => text.get(),
            Self::Pulse(text) => text,
        }
    }

    /// All of it as a value.
    pub(crate) fn value(&self) -> Value {
        serde_json::from_str(self.text()).unwrap_or_default()
    }

    /// All its fields.
    pub(crate) fn fields(&self) -> Map<String, Value> {
        match self.value() {
            Value::Object(fields) => fields,
            _ => Map::new(),
        }
    }

    /// One of its fields.
    pub(crate) fn field(&self, name: &str) -> Option<Value> {
        let [found] = self.find([name]);
        serde_json::from_str(found?.get()).ok()
    }

    /// These of its fields, where they are strings.
    pub(crate) fn strings<const N: usize>(&self, names: [&str; N]) -> [Option<Cow<'_, str>>; N] {
        self.find(names).map(|field| {
            let text = field?.get();
            let inside = text.strip_prefix('"')?.strip_suffix('"')?;
            if inside.contains('\\') {
                return serde_json::from_str(text).ok().map(Cow::Owned);
            }
            Some(Cow::Borrowed(inside))
        })
    }

    /// Whether the string stands anywhere in it; quicker than to read fields of many that it does not.
    pub(crate) fn mentions(&self, string: &str) -> bool {
        let written = Value::from(string).to_string();
        memmem::find(self.text().as_bytes(), written.as_bytes()).is_some()
    }

    /// Takes the place of what it was.
    pub(crate) fn become_pulse(&mut self, pulse: &Pulse<'_>, client_id: Option<&str>) {
        let mut text = match self {
            // One that once was large does not stay so.
            Self::Pulse(text) if text.capacity() <= 2 * pulse.length(client_id) => {
                std::mem::take(text)
            }
            _ => String::new(),
        };
        text.clear();
        pulse.write(client_id, &mut text);
        *self = Self::Pulse(text);
    }

    fn find<const N: usize>(&self, names: [&str; N]) -> [Option<&RawValue>; N] {
        let mut found = [None; N];
        let finder = Finder {
            names,
            found: &mut found,
        };
        let mut text = serde_json::Deserializer::from_str(self.text());
        // What is kept is an object.
        drop(text.deserialize_map(finder));
        found
    }
}

/// The same fields, in whatever way they are written.
impl PartialEq for Item {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text() || self.value() == other.value()
    }
}

impl Serialize for Item {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Written(text) if serializer.is_human_readable() => text.serialize(serializer),
            // The core says everything in its own way: numbers, the order of fields, what stands there twice.
            _ => serde_json::from_str::<Value>(self.text())
                .map_err(S::Error::custom)?
                .serialize(serializer),
        }
    }
}

/// Looks for fields; of one that stands there twice it is the last.
struct Finder<'f, 'a, const N: usize> {
    names: [&'f str; N],
    found: &'f mut [Option<&'a RawValue>; N],
}

impl<'a, const N: usize> Visitor<'a> for Finder<'_, 'a, N> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an entity")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut fields: A) -> Result<(), A::Error> {
        while let Some(name) = fields.next_key::<Name<'a>>()? {
            match self.names.iter().position(|wanted| *wanted == name.0) {
                Some(index) => {
                    self.found[index] = Some(fields.next_value()?);
                }
                None => {
                    fields.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// The name of a field, borrowed where nothing in it is escaped.
struct Name<'a>(Cow<'a, str>);

impl<'a> serde::Deserialize<'a> for Name<'a> {
    fn deserialize<D: serde::Deserializer<'a>>(from: D) -> Result<Self, D::Error> {
        struct Names;
        impl<'a> Visitor<'a> for Names {
            type Value = Name<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E>(self, name: &'a str) -> Result<Name<'a>, E> {
                Ok(Name(Cow::Borrowed(name)))
            }

            fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Name<'a>, E> {
                Ok(Name(Cow::Owned(name.to_owned())))
            }
        }
        from.deserialize_str(Names)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn item(value: Value) -> Item {
        Item::new(value.as_object().unwrap())
    }

    #[test]
    fn fields_are_found_in_the_text() {
        let fields = json!({"id": "a\"b", "n": 1.0, "deep": {"id": "c"}, "plain": "x", "\n": "y"});
        let item = item(fields.clone());
        assert_eq!(item.value(), fields);
        assert_eq!(item.field("n"), Some(json!(1.0)));
        assert_eq!(item.field("deep"), Some(json!({"id": "c"})));
        assert_eq!(item.field("none"), None);
        let [id, n, plain, line] = item.strings(["id", "n", "plain", "\n"]);
        assert_eq!(
            (
                id.as_deref(),
                n.as_deref(),
                plain.as_deref(),
                line.as_deref()
            ),
            (Some("a\"b"), None, Some("x"), Some("y"))
        );
        assert!(item.mentions("a\"b") && item.mentions("c") && !item.mentions("z"));
    }

    #[test]
    fn what_stands_twice_counts_once_and_is_told_once() {
        let twice = Item::Pulse(r#"{"id":"a", "data":{"x":1,"x":2e0},"id":"b"}"#.to_owned());
        assert_eq!(twice.strings(["id"])[0].as_deref(), Some("b"));
        let told = r#"{"data":{"x":2.0},"id":"b"}"#;
        assert_eq!(serde_json::to_string(&twice).unwrap(), told);
        assert_eq!(twice, item(serde_json::from_str(told).unwrap()));
    }

    #[test]
    fn it_is_told_in_both_encodings() {
        let fields = json!({"id": "a", "data": [1, 2.5, null, {"x": "ü"}]});
        let item = item(fields.clone());
        assert_eq!(serde_json::to_value(&item).unwrap(), fields);
        assert_eq!(serde_json::to_string(&item).unwrap(), fields.to_string());
        let mut bytes = Vec::new();
        ciborium::into_writer(&item, &mut bytes).unwrap();
        let back: Value = ciborium::from_reader(&*bytes).unwrap();
        assert_eq!(back, fields);
    }
}
