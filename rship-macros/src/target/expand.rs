//! The implementation of `Target`; members with mistakes are left out of it.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned as _;

use crate::ids::Names;
use crate::pace::Of;
use crate::paths::{self, duration};
use crate::target::blocks;
use crate::target::valid::{LiveName, Member, MemberKind, Setter, State, Target};
use crate::{members, names};

pub(crate) fn expand(target: &Target<'_>, sound: bool) -> TokenStream {
    let Target {
        ident,
        import,
        name,
        ..
    } = target;
    let ident = paths::unlinted(ident);
    let blocks = blocks::of(target);
    // With mistakes there might be further ones, which would raise messages elsewhere.
    let emitters = sound.then(|| {
        let (of_fields, of_methods) = (emitters(target), blocks.emitters());
        let awaiting = blocks.awaiting();
        quote!(#of_fields #of_methods #awaiting)
    });
    let (generics, arguments, own_bounds) = target.generics.split_for_impl();
    let doc = target.doc.map(|doc| quote!(__rship_model.doc(#doc);));
    let texts = target.texts.iter().map(|(method, text)| {
        let method = syn::Ident::new(method, Span::call_site());
        quote!(__rship_model.#method(#text);)
    });
    let key = target.key.as_ref().map(|(field, ty)| {
        quote!(__rship_model.key::<#ty>(|__rship_target: &Self| &__rship_target.#field);)
    });
    let live_name = target.live_name.as_ref().map(live_name);
    let self_ty = quote!(#ident #arguments);
    let described = target.members.iter().map(member);
    let known = blocks::known(target, &self_ty, own_bounds);
    let with_blocks = blocks.required(target.generics);
    let members::Functions { items, calls } = members::functions(&with_blocks, &self_ty, described);
    let (_, _, bounds) = with_blocks.split_for_impl();
    let describe_blocks = blocks.describe();
    let (checks, inline_checks) = blocks.checks(target);
    let attributes = attributes(target);
    quote! {
        const _: () = {
            #import
            use __rship::{NoActions as _, PlainField as _};
            #attributes

            #known

            #items

            #[automatically_derived]
            impl #generics __rship::Target for #self_ty #bounds {
                #emitters

                fn describe(__rship_model: &mut __rship::ModelBuilder<Self>) {
                    #inline_checks
                    __rship_model.name(#name);
                    #doc
                    #(#texts)*
                    #key
                    #live_name
                    #calls
                    #describe_blocks
                }
            }

            #checks
        };
    }
}

/// Names each attribute where it stands, as an item whose documentation an editor shows there.
fn attributes(target: &Target<'_>) -> Option<TokenStream> {
    let names = target.attributes.iter().map(|attribute| {
        let place = Span::call_site().located_at(attribute.span());
        let name = syn::Ident::new(&attribute.to_string(), place);
        quote_spanned!(place=> #name as _)
    });
    (!target.attributes.is_empty()).then(|| quote!(use __rship::attributes::{#(#names),*};))
}

/// The names of the emitters, for `writes = ".."`.
fn emitters(target: &Target<'_>) -> TokenStream {
    let emitters = target
        .members
        .iter()
        .filter_map(|member| match &member.kind {
            MemberKind::Emitter(state, _) => {
                let id = &state.names.id;
                let name = names::plain(member.ident);
                Some(quote!((#name, #id)))
            }
            MemberKind::SubTarget { .. } => None,
        });
    quote! {
        const EMITTERS: __rship::Option<__rship::written::Emitters> =
            __rship::Some(&[#(#emitters),*]);
    }
}

/// Where the compiler's own messages about a type point, without the lints that look at user code.
fn place(ty: &Type) -> Span {
    Span::call_site().located_at(ty.span())
}

fn live_name(name: &LiveName<'_>) -> TokenStream {
    let (place, name) = match name {
        LiveName::Field(field, ty) => {
            let place = place(ty);
            (place, quote_spanned!(place=> __rship_target.#field))
        }
        LiveName::Method(method) => {
            let place = Span::call_site().located_at(method.span());
            (place, quote_spanned!(place=> Self::#method(__rship_target)))
        }
    };
    quote_spanned! {place=>
        __rship_model.live_name(|__rship_target: &Self, __rship_text| {
            __rship::write_name(&#name, __rship_text)
        });
    }
}

fn member(member: &Member<'_>) -> TokenStream {
    let Member { ident, ty, kind } = member;
    let place = place(ty);
    let field = quote_spanned!(place=> |__rship_target: &Self| &__rship_target.#ident);
    match kind {
        MemberKind::Emitter(state, setter) => {
            let spec = emitter_spec(&state.names);
            let every = state
                .every
                .map(duration)
                .map(|every| quote!(.every(#every)));
            let setter = setter
                .as_ref()
                .map(|setter| self::setter(member, state, setter));
            let values = match &state.with {
                None => Of::Field(ty),
                Some(with) => Of::Function(with),
            };
            let pace = state.pace.calls(&values, place);
            let published = match &state.with {
                None if state.stays() => quote_spanned! {place=>
                    __rship::FieldOf::<#ty>::__rship_state(__rship_model, #spec #every #pace, #field)
                },
                None => quote_spanned! {place=>
                    __rship::FieldOf::<#ty>::__rship_describe(__rship_model, #spec, #field)
                },
                Some(with) => quote_spanned! {place=>
                    __rship::FieldOf::<#ty>::__rship_with(
                        __rship_model, #spec #every #pace, #field, #with,
                    )
                },
            };
            quote_spanned! {place=>
                #published;
                #setter
            }
        }
        MemberKind::SubTarget {
            field: own,
            id,
            name,
            key,
            model,
            forget,
        } => {
            let id = id.as_ref().map(|id| quote!(.id(#id)));
            let name = name.as_ref().map(|name| quote!(.name(#name)));
            let forget = forget.then(|| quote!(.forget()));
            let spec = quote_spanned!(place=> __rship::SubTargetSpec::new(#own) #id #name #forget);
            let field_mut =
                quote_spanned!(place=> |__rship_target: &mut Self| &mut __rship_target.#ident);
            let key = key
                .as_ref()
                .map(|key| quote_spanned!(place=> |__rship_member| &__rship_member.#key));
            match (model, key) {
                (None, None) => quote_spanned! {place=>
                    __rship_model.sub_targets::<#ty>(#spec, #field, #field_mut);
                },
                (None, Some(key)) => quote_spanned! {place=>
                    __rship::keyed::<#ty, _, _>(
                        __rship_model, #spec, #field, #field_mut, #key,
                    );
                },
                (Some(model), None) => quote_spanned! {place=>
                    __rship_model.sub_targets_with::<#ty, _, _>(
                        #spec, #model, #field, #field_mut,
                    );
                },
                (Some(model), Some(key)) => quote_spanned! {place=>
                    __rship::keyed_with::<#ty, _, _, _, _>(
                        __rship_model, #spec, #model, #field, #field_mut, #key,
                    );
                },
            }
        }
    }
}

fn emitter_spec(names: &Names) -> TokenStream {
    let Names { id, name, doc, .. } = names;
    let doc = doc.as_ref().map(|doc| quote!(.doc(#doc)));
    quote!(__rship::EmitterSpec::new(#id).name(#name) #doc)
}

fn setter(member: &Member<'_>, state: &State, setter: &Setter) -> TokenStream {
    let Member { ident, ty, .. } = member;
    let emitter = &state.names.id;
    let Names { id, name, doc, .. } = &setter.names;
    let doc = doc.as_ref().map(|doc| quote!(.doc(#doc)));
    let transient = setter.transient.then(|| quote!(.transient()));
    let field = names::plain(ident);
    let bounds = setter.bounds.calls(place(ty));
    let arg = match &state.with {
        None => quote_spanned!(place(ty)=> __rship::Arg::<#ty>::new(#field)),
        Some(with) => quote_spanned!(place(ty)=> __rship::Arg::published_by(#field, #with)),
    };
    let (add, set) = match &setter.set {
        None => (
            quote!(setter),
            quote_spanned! {place(ty)=>
                |__rship_target: &mut Self, __rship_value: #ty| {
                    __rship::FieldOf::<#ty>::__rship_set(&mut __rship_target.#ident, __rship_value)
                }
            },
        ),
        Some(method) => (quote!(setter_with), hook(method)),
    };
    quote_spanned! {place(ty)=>
        __rship_model.#add(
            __rship::ActionSpec::new(#id).name(#name) #doc #transient,
            #field,
            #emitter,
            #arg #bounds,
            #set,
        );
    }
}

/// Calls the method that sets a field, and answers with what it returns, or what its future becomes.
fn hook(method: &syn::Ident) -> TokenStream {
    let place = Span::call_site().located_at(method.span());
    quote_spanned! {place=>
        |__rship_target, __rship_value| {
            use __rship::{CalledFuture as _, CalledPlain as _, PlainReply as _};
            __rship::Called::new(Self::#method(__rship_target, __rship_value))
                .__rship_run(|__rship_answer| __rship::ReplyOf(__rship_answer).__rship_reply())
        }
    }
}
