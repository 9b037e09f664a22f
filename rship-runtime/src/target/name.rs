//! Names that live: written from a target's value, and told when they change.

use std::fmt;

use rship_core::change::with_scratch;
use rship_core::model::{AnyModel, AnyTarget};

/// The name that a target's value gives it.
pub(super) struct LiveName {
    /// The name while the value gives none.
    fallback: String,
    /// What the value gave last.
    last: String,
}

/// Takes text into memory that is kept.
struct Text<'t>(&'t mut Vec<u8>);

impl fmt::Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

impl LiveName {
    /// The name of a target that is new, and what follows it, if its type has a name that lives.
    pub(super) fn first(
        model: &dyn AnyModel,
        value: &AnyTarget,
        fallback: String,
    ) -> (String, Option<Box<Self>>) {
        let mut last = String::new();
        if !model.live_name(value, &mut last) {
            return (fallback, None);
        }
        let name = Self { fallback, last };
        (name.now(), Some(Box::new(name)))
    }

    /// The new name, if it has changed.
    pub(super) fn changed(&mut self, model: &dyn AnyModel, value: &AnyTarget) -> Option<String> {
        with_scratch(|text| {
            model.live_name(value, &mut Text(text));
            if *text == self.last.as_bytes() {
                return None;
            }
            self.last = String::from_utf8_lossy(text).into_owned();
            Some(self.now())
        })
    }

    fn now(&self) -> String {
        let name = if self.last.is_empty() {
            &self.fallback
        } else {
            &self.last
        };
        name.clone()
    }
}
