//! A struct that borrows, or may, as a target that describes nothing: the code which uses it raises no further
//! messages.

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{DeriveInput, GenericParam, Generics};

use crate::paths;
use crate::target::blocks;
use crate::target::valid::Target;

pub(crate) fn expand(target: &Target<'_>) -> TokenStream {
    let Target { ident, import, .. } = target;
    let mut bounded = target.generics.clone();
    if !target.unbounded.is_empty() {
        let clause = bounded.make_where_clause();
        for param in &target.unbounded {
            let bound: syn::WherePredicate =
                syn::parse_quote!(#param: ::core::marker::Send + 'static);
            clause.predicates.push(bound);
        }
    }
    let (generics, arguments, bounds) = without_lifetimes(&bounded);
    let (_, own_arguments, own_bounds) = target.generics.split_for_impl();
    let ident = paths::unlinted(ident);
    let known = blocks::known(target, &quote!(#ident #own_arguments), own_bounds);
    quote! {
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

/// For a struct that is not finished yet: what is wrong with it, the compiler has said already.
pub(crate) fn of_unreadable(input: TokenStream, error: &syn::Error) -> TokenStream {
    let mut header: Vec<TokenTree> = input.into_iter().collect();
    if matches!(header.last(), Some(TokenTree::Punct(_))) {
        header.pop();
    }
    header.pop();
    let header: TokenStream = header.into_iter().collect();
    let Ok(input) = syn::parse2::<DeriveInput>(quote!(#header;)) else {
        return error.to_compile_error();
    };
    let (generics, arguments, bounds) = without_lifetimes(&input.generics);
    let ident = &input.ident;
    // Without the attributes that may be what is not finished.
    let import = paths::import(None);
    quote! {
        const _: () = {
            #import

            #[automatically_derived]
            impl #generics __rship::Target for #ident #arguments #bounds {
                fn describe(_: &mut __rship::ModelBuilder<Self>) {
                    __rship::unreadable::<Self>();
                }
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
