//! A struct that borrows, as a target that describes nothing: the code which uses it raises no further
//! messages.

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{GenericParam, Generics};

use crate::paths;
use crate::target::blocks;
use crate::target::valid::Target;

pub(crate) fn expand(target: &Target<'_>) -> TokenStream {
    let Target { ident, import, .. } = target;
    let (generics, arguments, bounds) = without_lifetimes(target.generics);
    let (_, own_arguments, own_bounds) = target.generics.split_for_impl();
    let known = blocks::known(target, &quote!(#ident #own_arguments), own_bounds);
    let allow = paths::allow();
    quote! {
        #allow
        const _: () = {
            #import

            #known

            #[automatically_derived]
            impl #generics __rship::Target for #ident #arguments #bounds {
                fn describe(_: &mut __rship::ModelBuilder<Self>) {}
            }
        };
    }
}

/// The generics with their own lifetimes as `'static`, which the trait wants.
fn without_lifetimes(generics: &Generics) -> (TokenStream, TokenStream, TokenStream) {
    let own: Vec<&Ident> = generics
        .lifetimes()
        .map(|param| &param.lifetime.ident)
        .collect();
    let mut others = generics.clone();
    others.params = others
        .params
        .into_iter()
        .filter(|param| !matches!(param, GenericParam::Lifetime(_)))
        .collect();
    let (_, arguments, bounds) = generics.split_for_impl();
    let (parameters, _, _) = others.split_for_impl();
    (
        make_static(parameters.to_token_stream(), &own),
        make_static(arguments.to_token_stream(), &own),
        make_static(bounds.to_token_stream(), &own),
    )
}

fn make_static(tokens: TokenStream, own: &[&Ident]) -> TokenStream {
    let mut after_tick = false;
    tokens
        .into_iter()
        .map(|token| {
            let tick = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '\'');
            let token = match token {
                TokenTree::Ident(ident) if after_tick && own.contains(&&ident) => {
                    Ident::new("static", ident.span()).into()
                }
                TokenTree::Group(group) => {
                    Group::new(group.delimiter(), make_static(group.stream(), own)).into()
                }
                other => other,
            };
            after_tick = tick;
            token
        })
        .collect()
}
