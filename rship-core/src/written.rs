//! Which emitter an action is said to write: the name of a field or a method, or an id, that both macros
//! see a half of.

use std::marker::PhantomData;

use crate::target::Target;

/// Emitters of one type: their Rust names and their ids.
pub type Emitters = &'static [(&'static str, &'static str)];

/// Asks for the emitters of a type that are fields: its own constant wins over [`NoFields`]'.
pub struct Fields<T>(PhantomData<T>);

impl<T: Target> Fields<T> {
    /// Those that the derive has seen.
    pub const EMITTERS: Option<Emitters> = T::EMITTERS;
}

/// What [`Fields`] says of what is not a target, which is said elsewhere.
pub trait NoFields {
    /// Unknown.
    const EMITTERS: Option<Emitters> = None;
}

impl<T> NoFields for Fields<T> {}

/// Whether one of the emitters has this name or this id; yes, where nobody knows before it runs.
#[must_use]
pub const fn exists(of_fields: Option<Emitters>, text: &str) -> bool {
    let Some(emitters) = of_fields else {
        return true;
    };
    let mut index = 0;
    while index < emitters.len() {
        let (name, id) = emitters[index];
        if same(name, text) || same(id, text) {
            return true;
        }
        index += 1;
    }
    false
}

/// The id of the emitter with this name or this id.
#[must_use]
pub fn id(of_fields: Option<Emitters>, text: &'static str) -> &'static str {
    let emitters = of_fields.unwrap_or_default();
    // A name comes first, because that is what the attribute asks for.
    let named = emitters.iter().find(|(name, _)| *name == text);
    named.map_or(text, |(_, id)| id)
}

const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut index = 0;
    while index < a.len() {
        if a[index] != b[index] {
            return false;
        }
        index += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_emitter_is_found_by_its_name_and_by_its_id() {
        let emitters: Option<Emitters> = Some(&[("level", "brightness"), ("on", "on")]);
        assert!(exists(emitters, "level") && exists(emitters, "brightness"));
        assert!(!exists(emitters, "levle") && !exists(Some(&[]), "on"));
        assert!(exists(None, "levle"));
        assert_eq!(id(emitters, "level"), "brightness");
        assert_eq!(id(emitters, "brightness"), "brightness");
        assert_eq!(id(None, "level"), "level");
    }
}
