//! Which emitter an action is said to write: the name of a field or a method, or an id, that both macros
//! see a half of.

use std::marker::PhantomData;

use crate::target::Target;

/// Emitters of one type: their Rust names and their ids.
pub type Emitters = &'static [(&'static str, &'static str)];

/// The ids of the emitters of several blocks.
pub type Blocks = &'static [&'static [&'static str]];

/// Asks for the emitters of a type that are fields: its own constant wins over [`NoFields`]'.
pub struct Fields<T>(PhantomData<T>);

impl<T: Target> Fields<T> {
    /// Those that the derive has seen.
    pub const EMITTERS: Option<Emitters> = T::EMITTERS;
    /// The ids of the emitters that are methods, by block.
    pub const BLOCKS: Blocks = T::BLOCKS;
}

/// What [`Fields`] says of what is not a target, which is said elsewhere.
pub trait NoFields {
    /// Unknown.
    const EMITTERS: Option<Emitters> = None;
    /// Unknown.
    const BLOCKS: Blocks = &[];
}

impl<T> NoFields for Fields<T> {}

/// Whether one of the emitters has this name or this id; yes, where nobody knows before it runs. A method of
/// another block is known by its id, which is `usual` unless it was given another.
#[must_use]
pub const fn exists(of_fields: Option<Emitters>, blocks: Blocks, text: &str, usual: &str) -> bool {
    let mut block = 0;
    while block < blocks.len() {
        let mut index = 0;
        while index < blocks[block].len() {
            let id = blocks[block][index];
            if same(id, text) || same(id, usual) {
                return true;
            }
            index += 1;
        }
        block += 1;
    }
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
pub fn id(
    of_fields: Option<Emitters>,
    blocks: Blocks,
    text: &'static str,
    usual: &'static str,
) -> &'static str {
    let emitters = of_fields.unwrap_or_default();
    // A name comes first, because that is what the attribute asks for.
    if let Some((_, id)) = emitters.iter().find(|(name, _)| *name == text) {
        return id;
    }
    let of_methods = || blocks.iter().copied().flatten();
    if of_methods().any(|id| *id == usual) && !of_methods().any(|id| *id == text) {
        return usual;
    }
    text
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
        let blocks: Blocks = &[&["max-level"], &[]];
        let exists = |text, usual| exists(emitters, blocks, text, usual);
        assert!(exists("level", "level") && exists("brightness", "brightness"));
        assert!(exists("max_level", "max-level") && exists("max-level", "max-level"));
        assert!(!exists("levle", "levle"));
        assert!(super::exists(None, &[], "levle", "levle"));
        assert!(!super::exists(Some(&[]), &[], "on", "on"));
        assert_eq!(id(emitters, blocks, "level", "level"), "brightness");
        assert_eq!(
            id(emitters, blocks, "brightness", "brightness"),
            "brightness"
        );
        assert_eq!(id(emitters, blocks, "max_level", "max-level"), "max-level");
        assert_eq!(id(None, &[], "level", "level"), "level");
    }
}
