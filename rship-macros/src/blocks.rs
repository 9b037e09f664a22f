//! How `#[derive(Target)]` and `#[actions]` name the blocks of a type to each other: as types, so that
//! each can require what the other has written.

use proc_macro2::{Group, Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::parse::{ParseStream, Parser as _};
use syn::punctuated::Punctuated;
use syn::{LitStr, Token};

use crate::attr::Given;
use crate::errors::Errors;

/// The blocks that `#[target(actions(..))]` lists.
pub(crate) struct Listed<'a> {
    place: &'a Ident,
    /// `None` when the list cannot be read.
    names: Option<&'a [LitStr]>,
}

/// One block that a type has.
pub(crate) struct Block<'a> {
    /// Its name; the first block has none.
    pub(crate) name: Option<&'a LitStr>,
    /// Where it is listed.
    pub(crate) place: Span,
}

impl<'a> Listed<'a> {
    pub(crate) fn of(given: Option<&'a Given>) -> Option<Self> {
        let given = given?;
        Some(Self {
            place: given.name_of("actions")?,
            names: given.strings("actions"),
        })
    }

    /// All of them, the one without a name first; `None` when the list cannot be read.
    pub(crate) fn blocks(&self) -> Option<Vec<Block<'a>>> {
        let first = Block {
            name: None,
            place: self.place.span(),
        };
        let named = self.names?.iter().map(|name| Block {
            name: Some(name),
            place: name.span(),
        });
        Some(std::iter::once(first).chain(named).collect())
    }
}

impl Block<'_> {
    pub(crate) fn marker(&self) -> TokenStream {
        marker(self.name)
    }
}

/// The type that stands for a block.
pub(crate) fn marker(name: Option<&LitStr>) -> TokenStream {
    match name {
        None => quote!(__rship::NoBlockName),
        Some(name) => {
            let hash = hash(&name.value());
            quote!(__rship::BlockName<#hash>)
        }
    }
}

/// What the derive says of a block that `of` lists.
pub(crate) fn lists(name: Option<&LitStr>, of: &impl ToTokens) -> TokenStream {
    match name {
        None => quote!(__rship::ListsActions<#of>),
        Some(name) => {
            let hash = hash(&name.value());
            quote!(__rship::ListsBlock<#of, #hash>)
        }
    }
}

/// Reads the names in parentheses behind `actions`; `None` when that is not what is there.
pub(crate) fn names(
    input: ParseStream<'_>,
    errors: &mut Errors,
) -> syn::Result<Option<Vec<LitStr>>> {
    let list: Group = input.parse()?;
    let Ok(all) = Punctuated::<LitStr, Token![,]>::parse_terminated.parse2(list.stream()) else {
        errors.at(
            list.stream(),
            "argument `actions` takes the names of blocks, which are string literals",
            "write `actions(\"..\", \"..\")`, or `actions` alone when no block has a name",
        );
        return Ok(None);
    };
    let mut names: Vec<LitStr> = Vec::new();
    for name in all {
        if names.iter().any(|other| other.value() == name.value()) {
            errors.at(
                &name,
                format_args!("the block `{}` is listed twice", name.value()),
                "remove one of them",
            );
        } else {
            names.push(name);
        }
    }
    Ok(Some(names))
}

/// What stands for an id of this kind.
pub(crate) fn id(kind: &str, id: &str) -> u64 {
    hash(&format!("{kind} {id}"))
}

/// What stands for an emitter that is named by its Rust name or its id.
pub(crate) fn written(name: &str) -> u64 {
    hash(&format!("written {name}"))
}

/// FNV-1a: the same in both macros, and in every run.
pub(crate) fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_has_one_type_wherever_it_is_named() {
        let [output, again, other] =
            ["output", "output", "transport"].map(|name| LitStr::new(name, Span::call_site()));
        let text = |name| marker(Some(name)).to_string();
        assert_eq!(text(&output), text(&again));
        assert_ne!(text(&output), text(&other));
        assert_eq!(hash("a"), 0xaf63_dc4c_8601_ec8c);
    }
}
