//! `#[derive(Target)]`: read, check, expand; whatever is wrong, the type stays a target, and what is
//! right is expanded, so that the compiler's own messages come in the same run.

mod ast;
mod blocks;
mod expand;
mod fallback;
mod valid;
mod variants;

use proc_macro2::TokenStream;
use syn::{Data, DeriveInput};

use crate::errors::Errors;
use crate::first::Place;
use crate::manifest::Dependency;

pub(crate) fn derive(place: Place, input: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let input: DeriveInput = match syn::parse2(input.clone()) {
        Ok(input) => input,
        Err(error) => return fallback::of_unreadable(input, &error),
    };
    if let Data::Enum(data) = &input.data {
        let target = variants::derive(place, &input, data, &mut errors);
        let errors = errors.into_tokens();
        return quote::quote!(#errors #target);
    }
    let parsed = ast::parse(&input, &mut errors);
    let dependency = Dependency::of(parsed.target.as_ref());
    dependency.check(place, &mut errors);
    if dependency == Dependency::Absent {
        return errors.into_tokens();
    }
    let target = valid::check(&parsed, &mut errors);
    let target = if target.generics.lifetimes().next().is_some() || !target.unbounded.is_empty() {
        fallback::expand(&target)
    } else {
        expand::expand(&target, errors.is_empty())
    };
    let errors = errors.into_tokens();
    quote::quote!(#errors #target)
}
