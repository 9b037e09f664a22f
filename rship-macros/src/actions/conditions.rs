//! `#[cfg]` and `#[cfg_attr]`, which an attribute macro sees before the compiler has looked at them.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::punctuated::Punctuated;
use syn::{Attribute, Meta, Token};

/// The attributes of one item, with those under `#[cfg_attr]` that `ours` names taken out.
pub(crate) struct Sorted {
    /// To be written on the item again.
    pub(crate) kept: Vec<TokenStream>,
    /// Ours, in order.
    pub(crate) ours: Vec<Meta>,
    /// `#[cfg(..)]`s under which the item, or our attribute on it, exists.
    pub(crate) conditions: Vec<TokenStream>,
}

pub(crate) fn sort(attrs: &[Attribute], ours: &[&str]) -> Sorted {
    let mut sorted = Sorted {
        kept: Vec::new(),
        ours: Vec::new(),
        conditions: Vec::new(),
    };
    let is_ours = |meta: &Meta| ours.iter().any(|name| meta.path().is_ident(name));
    for attr in attrs {
        if is_ours(&attr.meta) {
            sorted.ours.push(attr.meta.clone());
            continue;
        }
        if attr.path().is_ident("cfg") {
            sorted.conditions.push(attr.to_token_stream());
        }
        match conditional(attr) {
            Some((predicate, metas)) if metas.iter().any(is_ours) => {
                let (mine, others): (Vec<Meta>, Vec<Meta>) = metas.into_iter().partition(is_ours);
                sorted.conditions.push(quote!(#[cfg(#predicate)]));
                sorted.ours.extend(mine);
                if !others.is_empty() {
                    sorted
                        .kept
                        .push(quote!(#[cfg_attr(#predicate, #(#others),*)]));
                }
            }
            Some((predicate, metas)) => {
                for meta in metas.iter().filter(|meta| meta.path().is_ident("cfg")) {
                    if let Meta::List(list) = meta {
                        let inner = &list.tokens;
                        sorted
                            .conditions
                            .push(quote!(#[cfg(any(not(#predicate), all(#inner)))]));
                    }
                }
                sorted.kept.push(attr.to_token_stream());
            }
            None => sorted.kept.push(attr.to_token_stream()),
        }
    }
    sorted
}

/// The predicate of a `#[cfg_attr]` and the attributes under it.
fn conditional(attr: &Attribute) -> Option<(Meta, Vec<Meta>)> {
    if !attr.path().is_ident("cfg_attr") {
        return None;
    }
    let metas = attr
        .parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
        .ok()?;
    let mut metas = metas.into_iter();
    Some((metas.next()?, metas.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::parse_quote;

    #[test]
    fn an_attribute_under_a_condition_makes_the_condition_count() {
        let item: syn::ItemFn = parse_quote! {
            #[cfg(unix)]
            #[cfg_attr(feature = "a", action(id = "b"), inline)]
            #[cfg_attr(test, cfg(windows))]
            #[must_use]
            fn a() {}
        };
        let sorted = sort(&item.attrs, &["action"]);
        let text =
            |tokens: Vec<TokenStream>| tokens.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(sorted.ours.len(), 1);
        assert_eq!(
            text(sorted.conditions),
            text(vec![
                quote!(#[cfg(unix)]),
                quote!(#[cfg(feature = "a")]),
                quote!(#[cfg(any(not(test), all(windows)))]),
            ])
        );
        assert_eq!(
            text(sorted.kept),
            text(vec![
                quote!(#[cfg(unix)]),
                quote!(#[cfg_attr(feature = "a", inline)]),
                quote!(#[cfg_attr(test, cfg(windows))]),
                quote!(#[must_use]),
            ])
        );
    }
}
