//! `#[action]`, `#[emitter]` and `#[arg]` where no other macro of this crate takes them.

use proc_macro2::{Span, TokenStream};
use quote::quote;

use crate::actions::strip;
use crate::errors::Errors;

/// The item as it is, and where the attribute belongs.
pub(crate) fn member(attribute: &str, item: TokenStream) -> TokenStream {
    let note = format!(
        "write `#[actions]` on the `impl` block, or `#[derive(Target)]` on the struct; \
         `#[{attribute}]` itself stays where it is"
    );
    refuse(
        &format!(
            "`#[{attribute}]` must be on a method inside an `#[actions]` impl, or on a field of a \
             `#[derive(Target)]` struct"
        ),
        &note,
        // With `#[actions]` missing, its arguments would raise the same message once more.
        strip::arguments(item),
    )
}

/// The item as it is, and where `#[arg]` belongs.
pub(crate) fn argument(item: TokenStream) -> TokenStream {
    refuse(
        "`#[arg]` must be on an argument of an `#[action]` method",
        "write it before the argument: `#[arg(min = 1)] count: u32`",
        item,
    )
}

fn refuse(what: &str, note: &str, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    errors.at_span(Span::call_site(), what, note);
    let errors = errors.into_tokens();
    quote!(#item #errors)
}
