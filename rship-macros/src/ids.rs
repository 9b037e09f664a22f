//! Ids that are taken, so that the second one is a mistake with a place.

use std::collections::HashMap;

use proc_macro2::Ident;
use quote::ToTokens;

use crate::attr::Given;
use crate::docs::Doc;
use crate::errors::Errors;
use crate::names;

/// The names of one emitter, action or sub-target.
pub(crate) struct Names {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) doc: Option<Doc>,
    /// Whether the id is the one that is meant: one with a mistake was replaced.
    pub(crate) sure: bool,
}

impl Names {
    /// The names that an attribute gives, or else those that follow from the Rust name.
    pub(crate) fn of(given: &Given, rust_name: &str, doc: Option<&Doc>) -> Self {
        let string = |key| given.string(key).map(syn::LitStr::value);
        Self {
            id: string("id").unwrap_or_else(|| names::kebab(rust_name)),
            name: string("name").unwrap_or_else(|| names::sentence(rust_name)),
            doc: doc.cloned(),
            sure: is_sure(given),
        }
    }

    /// The id of the emitter that says how far this action is.
    pub(crate) fn progress(&self) -> String {
        format!("{}-progress", self.id)
    }

    /// The id of the action that ends the runs of this one.
    pub(crate) fn cancel(&self) -> String {
        format!("{}-cancel", self.id)
    }
}

fn is_sure(given: &Given) -> bool {
    !given.has("id") || given.string("id").is_some()
}

/// The ids of one kind that are taken.
pub(crate) struct Taken {
    kind: &'static str,
    attribute: &'static str,
    /// With the Rust name of who has it.
    ids: HashMap<String, String>,
}

impl Taken {
    pub(crate) fn new(kind: &'static str, attribute: &'static str) -> Self {
        Self {
            kind,
            attribute,
            ids: HashMap::new(),
        }
    }

    /// Takes an id for `owner`, or reports who has it.
    pub(crate) fn take(&mut self, id: &str, owner: &Ident, given: &Given, errors: &mut Errors) {
        if !is_sure(given) {
            return;
        }
        let Self {
            kind, attribute, ..
        } = self;
        let place = match given.string("id") {
            Some(text) => text.to_token_stream(),
            None => owner.to_token_stream(),
        };
        let name = names::plain(owner);
        if id.is_empty() {
            errors.at(
                place,
                format_args!("{kind} `{name}` has an empty id"),
                format_args!("its name has no letters; write `#[{attribute}(id = \"..\")]`"),
            );
            return;
        }
        if let Some(first) = self.ids.get(id) {
            errors.at(
                place,
                format_args!(
                    "{kind} `{name}` has the id `{id}`, which {kind} `{first}` has already"
                ),
                format_args!("give one of them another: `#[{attribute}(id = \"..\")]`"),
            );
            return;
        }
        self.ids.insert(id.to_owned(), name);
    }
}
