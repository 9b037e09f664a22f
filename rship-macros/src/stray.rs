//! `#[action]`, `#[emitter]` and `#[arg]` where no other macro of this crate takes them.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use quote::quote;

use crate::actions::strip;
use crate::errors::Errors;
use crate::first::{FirstOfFile, Place};

/// The item as it is, and where the attribute belongs.
pub(crate) fn member(attribute: &str, place: Place, item: TokenStream) -> TokenStream {
    if is_method(&item) {
        // All methods of the impl come here, each on its own, for one and the same mistake.
        if !FIRST_METHODS.is_first(place) {
            return strip::arguments(item);
        }
        return refuse(
            &format!("`#[{attribute}]` is on a method of an impl without `#[actions]`"),
            "write `#[actions]` on the `impl` block, once for all of its methods; this is said once \
             for each file",
            strip::arguments(item),
        );
    }
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

/// The first such method of each file.
static FIRST_METHODS: FirstOfFile = FirstOfFile::new();

/// Whether it is a function that can only stand in an impl or a trait.
fn is_method(item: &TokenStream) -> bool {
    let mut tokens = item.clone().into_iter();
    let is_fn = |token: &TokenTree| matches!(token, TokenTree::Ident(ident) if ident == "fn");
    let arguments = tokens.by_ref().skip_while(|token| !is_fn(token));
    for token in arguments {
        if let TokenTree::Group(group) = token
            && group.delimiter() == Delimiter::Parenthesis
        {
            return group.stream().into_iter().any(
                |token| matches!(token, TokenTree::Ident(ident) if ident == "self" || ident == "Self"),
            );
        }
    }
    false
}

fn refuse(what: &str, note: &str, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    errors.at_span(Span::call_site(), what, note);
    let errors = errors.into_tokens();
    quote!(#item #errors)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_self_or_a_handle_of_it_is_a_method() {
        for method in [
            quote!(
                fn a(&self) {}
            ),
            quote!(
                pub(crate) async fn a<T>(mut this: Handle<Self>, b: T) {}
            ),
        ] {
            assert!(is_method(&method), "{method}");
        }
        for other in [
            quote!(
                fn a(b: u8) {
                    self
                }
            ),
            quote!(
                struct A(Self);
            ),
        ] {
            assert!(!is_method(&other), "{other}");
        }
    }
}
