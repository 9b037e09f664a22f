//! `#[derive(Target)]` on an enum: each of its variants holds a target.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{DataEnum, DeriveInput, Fields, Ident, Type, Variant};

use crate::attr::Given;
use crate::docs::Doc;
use crate::errors::Errors;
use crate::first::Place;
use crate::manifest::Dependency;
use crate::target::blocks;
use crate::{grammar, names, paths};

pub(crate) fn derive(
    place: Place,
    input: &DeriveInput,
    data: &DataEnum,
    errors: &mut Errors,
) -> TokenStream {
    let DeriveInput {
        ident, generics, ..
    } = input;
    let mut given = None;
    for attr in &input.attrs {
        if attr.path().is_ident("target") {
            Given::add(&mut given, &grammar::ENUM, &attr.meta, errors);
        }
    }
    let dependency = Dependency::of(given.as_ref());
    dependency.check(place, errors);
    if dependency == Dependency::Absent {
        return TokenStream::new();
    }
    if let Some(lifetime) = generics.lifetimes().next() {
        errors.at(
            lifetime,
            format_args!("target `{ident}` must not have a lifetime parameter"),
            "the executor keeps targets for as long as it runs; own the data",
        );
        return TokenStream::new();
    }
    if data.variants.is_empty() {
        errors.at(
            ident,
            format_args!("enum `{ident}` has no variant, so it cannot be a target"),
            "write a variant for each type of target: `Dimmer(Dimmer)`",
        );
    }
    let variants: Vec<_> = data
        .variants
        .iter()
        .filter_map(|variant| Some((&variant.ident, held(variant, errors)?)))
        .collect();
    let alone = data.variants.len() == 1;
    let variants = variants
        .iter()
        .map(|(variant, ty)| self::variant(variant, ty, alone));
    let name = names::sentence(&names::plain(ident));
    let doc = Doc::of(&input.attrs).map(|doc| quote!(__rship_model.doc(#doc);));
    let import = paths::import(given.as_ref());
    let self_ty = {
        let (_, arguments, _) = generics.split_for_impl();
        quote!(#ident #arguments)
    };
    let listed = blocks::all_listed(generics, &self_ty);
    let (generics, _, bounds) = generics.split_for_impl();
    quote! {
        const _: () = {
            #import

            #[automatically_derived]
            impl #generics __rship::Target for #self_ty #bounds {
                fn describe(__rship_model: &mut __rship::ModelBuilder<Self>) {
                    __rship_model.name(#name);
                    #doc
                    #(#variants)*
                }
            }

            #[automatically_derived]
            impl #generics __rship::Derived for #self_ty #bounds {
                type Listing = __rship::Listing;
                type Kind = __rship::Variants;
            }

            #listed
        };
    }
}

/// The target that a variant holds.
fn held<'v>(variant: &'v Variant, errors: &mut Errors) -> Option<&'v Type> {
    let ident = &variant.ident;
    for attr in &variant.attrs {
        for misplaced in ["target", "emitter", "action", "arg"] {
            if attr.path().is_ident(misplaced) {
                errors.at(
                    attr.path(),
                    format_args!("`#[{misplaced}]` must not be on the variant `{ident}`"),
                    "write it on the struct that the variant holds",
                );
            }
        }
    }
    match &variant.fields {
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
            fields.unnamed.first().map(|field| &field.ty)
        }
        fields => {
            let place = match fields {
                Fields::Unit => ident.to_token_stream(),
                fields => fields.to_token_stream(),
            };
            errors.at(
                place,
                format_args!("variant `{ident}` must hold one target"),
                format_args!(
                    "write `{ident}({ident})`, with `#[derive(Target)]` on the struct `{ident}`; an enum \
                     that is a value is an `#[emitter]` field of a struct"
                ),
            );
            None
        }
    }
}

fn variant(variant: &Ident, ty: &Type, alone: bool) -> TokenStream {
    let other = (!alone).then(|| quote!(_ => __rship::None,));
    let place = Span::call_site().located_at(ty.span());
    quote_spanned! {place=>
        __rship_model.variant::<#ty>(
            |__rship_target: &Self| match __rship_target {
                Self::#variant(__rship_inner) => __rship::Some(__rship_inner),
                #other
            },
            |__rship_target: &mut Self| match __rship_target {
                Self::#variant(__rship_inner) => __rship::Some(__rship_inner),
                #other
            },
        );
    }
}
