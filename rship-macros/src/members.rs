//! One function for each member of a target: what it costs the compiler to check a function grows with
//! the square of what is in it.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use syn::Generics;

/// Functions that describe members of `self_ty`, and the calls of them all.
pub(crate) struct Functions {
    pub(crate) items: TokenStream,
    pub(crate) calls: TokenStream,
}

/// Makes functions of descriptions.
pub(crate) fn functions(
    generics: &Generics,
    self_ty: &impl ToTokens,
    descriptions: impl Iterator<Item = TokenStream>,
) -> Functions {
    let (generics, _, bounds) = generics.split_for_impl();
    let (mut declared, mut defined, mut calls) = <(Vec<_>, Vec<_>, Vec<_>)>::default();
    for (index, description) in descriptions.enumerate() {
        let name = format_ident!("__rship_describe_{index}");
        let signature = quote!(fn #name(__rship_model: &mut __rship::ModelBuilder<Self>));
        declared.push(quote!(#signature;));
        defined.push(quote!(#signature { #description }));
        calls.push(quote! {
            <Self as __RshipMembers>::#name(__rship_model);
        });
    }
    if calls.is_empty() {
        return Functions {
            items: TokenStream::new(),
            calls: TokenStream::new(),
        };
    }
    Functions {
        // A trait, because the methods of an impl may use its generics and `Self`.
        items: quote! {
            trait __RshipMembers: ::core::marker::Sized {
                #(#declared)*
            }

            #[automatically_derived]
            impl #generics __RshipMembers for #self_ty #bounds {
                #(#defined)*
            }
        },
        calls: quote!(#(#calls)*),
    }
}
