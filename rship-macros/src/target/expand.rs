//! The implementation of `Target`; members with mistakes are left out of it.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned as _;

use crate::ids::Names;
use crate::names;
use crate::pace::Of;
use crate::paths::{self, duration};
use crate::target::valid::{LiveName, Member, MemberKind, Setter, State, Target};

pub(crate) fn expand(target: &Target<'_>, sound: bool) -> TokenStream {
    let Target {
        ident,
        import,
        name,
        ..
    } = target;
    let allow = paths::allow();
    let (generics, arguments, bounds) = target.generics.split_for_impl();
    let doc = target.doc.map(|doc| quote!(__rship_model.doc(#doc);));
    let texts = target.texts.iter().map(|(method, text)| {
        let method = syn::Ident::new(method, Span::call_site());
        quote!(__rship_model.#method(#text);)
    });
    let key = target.key.as_ref().map(|(field, ty)| {
        quote!(__rship_model.key::<#ty>(|__rship_target: &Self| &__rship_target.#field);)
    });
    let live_name = target.live_name.as_ref().map(live_name);
    let members = target.members.iter().map(member);
    // An id with a mistake was replaced, so that it might collide without being wrong.
    let checks = (sound && target.generics.params.is_empty()).then(|| checks(target));
    quote! {
        const _: () = {
            #import

            #[automatically_derived]
            #allow
            impl #generics __rship::Target for #ident #arguments #bounds {
                fn describe(__rship_model: &mut __rship::ModelBuilder<Self>) {
                    #[allow(unused_imports)]
                    use __rship::{NoActions as _, PlainField as _};
                    __rship_model.name(#name);
                    #doc
                    #(#texts)*
                    #key
                    #live_name
                    #(#members)*
                    __rship::Probe::<Self>::describe_actions(__rship_model);
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
        MemberKind::State(state, setter) => {
            let spec = emitter_spec(&state.names);
            let every = state
                .every
                .map(duration)
                .map(|every| quote!(.every(#every)));
            let setter = setter
                .as_ref()
                .map(|setter| self::setter(member, state, setter));
            let values = match &state.with {
                None => Of::Type(ty),
                Some(with) => Of::Function(with),
            };
            let pace = state.pace.calls(&values, place);
            let published = match &state.with {
                None => quote_spanned! {place=>
                    __rship::FieldOf::<#ty>::state(__rship_model, #spec #every #pace, #field)
                },
                Some(with) => quote_spanned! {place=>
                    __rship_model.state_with(#spec #every #pace, #field, #with)
                },
            };
            quote_spanned! {place=>
                #published;
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
            forget,
        } => {
            let id = id.as_ref().map(|id| quote!(.id(#id)));
            let name = name.as_ref().map(|name| quote!(.name(#name)));
            let key = key.as_ref().map(|key| {
                quote! {
                    .key(|__rship_member: &<#ty as __rship::SubTargets>::Member| &__rship_member.#key)
                }
            });
            let forget = forget.then(|| quote!(.forget()));
            quote_spanned! {place=>
                __rship_model.sub_targets::<#ty>(
                    __rship::SubTargetSpec::new(#own) #id #name #key #forget,
                    #field,
                    |__rship_target: &mut Self| &mut __rship_target.#ident,
                );
            }
        }
    }
}

fn emitter_spec(names: &Names) -> TokenStream {
    let Names { id, name, doc } = names;
    let doc = doc.as_ref().map(|doc| quote!(.doc(#doc)));
    quote!(__rship::EmitterSpec::new(#id).name(#name) #doc)
}

fn setter(member: &Member<'_>, state: &State, setter: &Setter) -> TokenStream {
    let Member { ident, ty, .. } = member;
    let emitter = &state.names.id;
    let Names { id, name, doc } = &setter.names;
    let doc = doc.as_ref().map(|doc| quote!(.doc(#doc)));
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
                    __rship::FieldOf::<#ty>::set(&mut __rship_target.#ident, __rship_value)
                }
            },
        ),
        Some(method) => (quote!(setter_with), hook(method)),
    };
    quote_spanned! {place(ty)=>
        __rship_model.#add(
            __rship::ActionSpec::new(#id).name(#name) #doc,
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
            #[allow(unused_imports)]
            use __rship::{CalledFuture as _, CalledPlain as _, PlainReply as _};
            __rship::Called::new(Self::#method(__rship_target, __rship_value))
                .run(|__rship_answer| __rship::ReplyOf(__rship_answer).reply())
        }
    }
}

/// Finds ids that a field and a method of `#[actions]` share, which no single macro sees.
fn checks(target: &Target<'_>) -> TokenStream {
    let mut emitters = Vec::new();
    let mut actions = Vec::new();
    for Member { ident, kind, .. } in &target.members {
        match kind {
            MemberKind::State(state, setter) => {
                emitters.push((*ident, &state.names));
                actions.extend(setter.as_ref().map(|setter| (*ident, &setter.names)));
            }
            MemberKind::Impulse(names, _) => emitters.push((*ident, names)),
            MemberKind::SubTarget { .. } => {}
        }
    }
    let keys = target.members.iter().filter_map(key_of_list);
    let emitters = check(target, "emitter", &emitters, quote!(EMITTER_IDS));
    let actions = check(target, "action", &actions, quote!(ACTION_IDS));
    quote!(#emitters #actions #(#keys)*)
}

/// Refuses a key on a field that does not hold a list, which only its type knows.
fn key_of_list(member: &Member<'_>) -> Option<TokenStream> {
    let MemberKind::SubTarget { key, .. } = &member.kind else {
        return None;
    };
    let (key, ty) = (key.as_ref()?, member.ty);
    let message = format!(
        "field `{}` does not hold a list, so it cannot have a `key`\n\
         note: the key tells the members of a `Vec` apart; remove it",
        member.ident
    );
    let place = Span::call_site().located_at(key.span());
    Some(quote_spanned! {place=>
        const _: () = ::core::assert!(
            ::core::matches!(<#ty as __rship::SubTargets>::SHAPE, __rship::Shape::List),
            #message
        );
    })
}

fn check(
    target: &Target<'_>,
    kind: &str,
    fields: &[(&syn::Ident, &Names)],
    of_methods: TokenStream,
) -> Option<TokenStream> {
    if fields.is_empty() {
        return None;
    }
    let ty = target.ident;
    let ids = fields.iter().map(|(_, names)| &names.id);
    let arms = fields.iter().enumerate().map(|(index, (field, names))| {
        let id = &names.id;
        let message = format!(
            "field `{field}` and a method of `{ty}` both have the {kind} id `{id}`\n\
             note: give one of them another: `#[{kind}(id = \"..\")]`"
        );
        let place = Span::call_site().located_at(field.span());
        quote_spanned!(place=> #index => ::core::panic!(#message),)
    });
    Some(quote! {
        const _: () = {
            #[allow(unused_imports)]
            use __rship::NoActions as _;
            match __rship::shared_id(&[#(#ids),*], __rship::Probe::<#ty>::#of_methods) {
                #(#arms)*
                _ => {}
            }
        };
    })
}
