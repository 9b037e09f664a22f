//! The fields of an object from the server, taken out one by one. What derived readers do as well takes four
//! times the code.

use serde_json::{Map, Value};

/// The fields that are left. None of this is in line: commands of unusual forms alone come by.
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    #[inline(never)]
    pub(super) fn of(what: &str, object: Value) -> Result<Self, String> {
        match object {
            Value::Object(fields) => Ok(Self(fields)),
            _ => Err(format!("{what} must be an object")),
        }
    }

    /// A field that may be missing, and is null then.
    #[inline(never)]
    pub(super) fn any(&mut self, name: &str) -> Value {
        self.0.get_mut(name).map(Value::take).unwrap_or_default()
    }

    #[inline(never)]
    pub(super) fn text(&mut self, name: &str) -> Result<String, String> {
        match self.any(name) {
            Value::String(text) => Ok(text),
            _ => Err(format!("`{name}` must be a string")),
        }
    }

    #[inline(never)]
    pub(super) fn text_if_any(&mut self, name: &str) -> Result<Option<String>, String> {
        match self.any(name) {
            Value::String(text) => Ok(Some(text)),
            Value::Null => Ok(None),
            _ => Err(format!("`{name}` must be a string or null")),
        }
    }

    #[inline(never)]
    pub(super) fn whole_if_any(&mut self, name: &str) -> Result<Option<u64>, String> {
        match self.any(name) {
            Value::Null => Ok(None),
            number => match number.as_u64() {
                Some(number) => Ok(Some(number)),
                None => Err(format!("`{name}` must be a whole number or null")),
            },
        }
    }

    #[inline(never)]
    pub(super) fn list(&mut self, name: &str) -> Result<Vec<Value>, String> {
        match self.any(name) {
            Value::Array(items) => Ok(items),
            _ => Err(format!("`{name}` must be an array")),
        }
    }

    /// As [`list`](Fields::list); one that is missing is empty.
    pub(super) fn list_if_any(&mut self, name: &str) -> Result<Vec<Value>, String> {
        if self.0.contains_key(name) {
            self.list(name)
        } else {
            Ok(Vec::new())
        }
    }
}
