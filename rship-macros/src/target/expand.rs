//! The implementation of `Target`; members with mistakes are left out of it.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned as _;

use crate::ids::Names;
use crate::target::blocks;
use crate::target::valid::{Member, MemberKind, Setter, Target};
use crate::{members, names, paths};

pub(crate) fn expand(target: &Target<'_>) -> TokenStream {
    let Target {
        ident,
        import,
        name,
        ..
    } = target;
    let blocks = blocks::of(target);
    let (generics, arguments, own_bounds) = target.generics.split_for_impl();
    let doc = target.doc.map(|doc| quote!(__rship_model.doc(#doc);));
    let texts = target.texts.iter().map(|(method, text)| {
        let method = syn::Ident::new(method, Span::call_site());
        quote!(__rship_model.#method(#text);)
    });
    let key = target.key.as_ref().map(|(field, ty)| {
        quote!(__rship_model.key::<#ty>(|__rship_target: &Self| &__rship_target.#field);)
    });
    let self_ty = quote!(#ident #arguments);
    let described = target
        .members
        .iter()
        .map(|member| (&[][..], self::member(member)));
    let known = blocks::known(target, &self_ty, own_bounds);
    let with_blocks = blocks.required(target.generics);
    let members::Functions { items, calls } = members::functions(&with_blocks, &self_ty, described);
    let (_, _, bounds) = with_blocks.split_for_impl();
    let describe_blocks = blocks.describe();
    let (checks, inline_checks) = blocks.checks(target);
    let allow = paths::allow();
    quote! {
        #allow
        const _: () = {
            #import
            #[allow(unused_imports)]
            use __rship::NoActions as _;

            #known

            #items

            #[automatically_derived]
            impl #generics __rship::Target for #self_ty #bounds {
                fn describe(__rship_model: &mut __rship::ModelBuilder<Self>) {
                    #inline_checks
                    __rship_model.name(#name);
                    #doc
                    #(#texts)*
                    #key
                    #calls
                    #describe_blocks
                }
            }

            #checks
        };
    }
}

/// Where the compiler's own messages about a type point, without the lints that look at user code.
fn place(ty: &Type) -> Span {
    Span::call_site().located_at(ty.span())
}

fn member(member: &Member<'_>) -> TokenStream {
    let Member { ident, ty, kind } = member;
    let place = place(ty);
    let field = quote_spanned!(place=> |__rship_target: &Self| &__rship_target.#ident);
    match kind {
        MemberKind::State(names, setter) => {
            let spec = emitter_spec(names);
            let setter = setter
                .as_ref()
                .map(|setter| self::setter(member, &names.id, setter));
            quote_spanned! {place=>
                __rship_model.state::<#ty>(#spec, #field);
                #setter
            }
        }
        MemberKind::Impulse(names, value) => {
            let spec = emitter_spec(names);
            quote_spanned!(place=> __rship_model.impulse::<#value>(#spec, #field);)
        }
        MemberKind::SubTarget {
            field: own,
            id,
            name,
            key,
        } => {
            let id = id.as_ref().map(|id| quote!(.id(#id)));
            let name = name.as_ref().map(|name| quote!(.name(#name)));
            let key = key.as_ref().map(|key| {
                quote! {
                    .key(|__rship_member: &<#ty as __rship::SubTargets>::Member| &__rship_member.#key)
                }
            });
            quote_spanned! {place=>
                __rship_model.sub_targets::<#ty>(
                    __rship::SubTargetSpec::new(#own) #id #name #key,
                    #field,
                    |__rship_target: &mut Self| &mut __rship_target.#ident,
                );
            }
        }
    }
}

fn emitter_spec(names: &Names) -> TokenStream {
    let Names { id, name, doc, .. } = names;
    let doc = doc.as_ref().map(|doc| quote!(.doc(#doc)));
    quote!(__rship::EmitterSpec::new(#id).name(#name) #doc)
}

fn setter(member: &Member<'_>, emitter: &str, setter: &Setter) -> TokenStream {
    let Member { ident, ty, .. } = member;
    let Names { id, name, doc, .. } = &setter.names;
    let doc = doc.as_ref().map(|doc| quote!(.doc(#doc)));
    let field = names::plain(ident);
    let bounds = setter.bounds.calls(place(ty));

    quote_spanned! {place(ty)=>
        __rship_model.setter(
            __rship::ActionSpec::new(#id).name(#name) #doc,
            #field,
            #emitter,
            __rship::Arg::<#ty>::new(#field) #bounds,
            |__rship_target: &mut Self, __rship_value: #ty| __rship_target.#ident = __rship_value,
        );
    }
}
