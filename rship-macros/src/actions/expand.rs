//! The implementation of `Actions`; of members with mistakes, only the types are in it.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned as _;

use crate::actions::argument::Argument;
use crate::actions::valid::{Action, Actions, Member, MemberKind, Run};
use crate::ids::Names;
use crate::pace::Of;
use crate::paths::{self, duration};
use crate::ty;

pub(crate) fn expand(actions: &Actions<'_>) -> TokenStream {
    let Actions {
        import,
        conditions,
        generics,
        self_ty,
        members,
    } = actions;
    // The derive refuses a target that borrows, and a second message here would add nothing.
    let borrows =
        generics.lifetimes().next().is_some() || ty::Borrows::of(self_ty, false).is_some();
    if borrows || members.is_empty() {
        return TokenStream::new();
    }
    let allow = paths::allow();
    let (generics, _, bounds) = generics.split_for_impl();
    let action_ids = ids(members, |member| member.action_ids());
    let emitter_ids = ids(members, |member| member.emitter_ids());
    let members = members.iter().map(member);
    quote! {
        #(#conditions)*
        const _: () = {
            #import

            #[automatically_derived]
            #allow
            impl #generics __rship::Actions for #self_ty #bounds {
                const ACTION_IDS: &'static [&'static ::core::primitive::str] = &[#action_ids];
                const EMITTER_IDS: &'static [&'static ::core::primitive::str] = &[#emitter_ids];

                fn describe_actions(__rship_model: &mut __rship::ModelBuilder<Self>) {
                    #[allow(unused_imports)]
                    use __rship::{PlainPart as _, PlainReply as _};
                    #(#members)*
                }
            }
        };
    }
}

/// The ids that the members give: of actions, or of emitters.
fn ids(members: &[Member<'_>], given: impl Fn(&Member<'_>) -> Vec<String>) -> TokenStream {
    let sound = members.iter().filter(|member| member.sound);
    let ids = sound.flat_map(|member| {
        let conditions = member.conditions;
        let ids = given(member).into_iter();
        ids.map(move |id| quote!(#(#conditions)* #id,))
    });
    ids.collect()
}

fn member(member: &Member<'_>) -> TokenStream {
    let Member {
        ident,
        conditions,
        names,
        kind,
        sound,
    } = member;
    let statements = match kind {
        _ if !sound => types(kind),
        MemberKind::Computed { value, every, pace } => {
            let Names { id, name, doc } = names;
            let doc = doc.as_ref().map(|doc| quote!(.doc(#doc)));
            let every = every.map(duration).map_or_else(
                || quote!(__rship::None),
                |every| quote!(__rship::Some(#every)),
            );
            let pace = pace.calls(&Of::Type(value), at(value.span()));
            quote_spanned! {at(value.span())=>
                __rship_model.computed::<#value>(
                    __rship::EmitterSpec::new(#id).name(#name) #doc #pace,
                    #every,
                    |__rship_target: &Self| Self::#ident(__rship_target),
                );
            }
        }
        MemberKind::Action(action) => self::action(ident, names, action),
    };
    quote!(#(#conditions)* { #statements })
}

/// Uses the types of a member with mistakes, so that what is wrong with them is said in the same run.
fn types(kind: &MemberKind<'_>) -> TokenStream {
    match kind {
        MemberKind::Computed { value, .. } => quote_spanned! {at(value.span())=>
            __rship_model.computed::<#value>(
                __rship::EmitterSpec::new(""),
                __rship::None,
                |_: &Self| -> #value { ::core::unreachable!() },
            );
        },
        MemberKind::Action(action) => {
            let arguments = action.arguments.iter().map(|argument| {
                let conditions = &argument.conditions;
                let declared = declared(argument);
                quote_spanned!(at(argument.ty.span())=> #(#conditions)* let _ = #declared;)
            });
            quote!(#(#arguments)*)
        }
    }
}

/// Where a message about user code points, without the lints that look at user code.
fn at(span: Span) -> Span {
    Span::call_site().located_at(span)
}

/// The names of one argument in the expansion; numbered, so that they meet no name of the user's.
struct Locals {
    arg: Ident,
    reader: Ident,
    value: Ident,
}

impl Locals {
    fn of(index: usize) -> Self {
        Self {
            arg: format_ident!("__rship_arg_{index}"),
            reader: format_ident!("__rship_reader_{index}"),
            value: format_ident!("__rship_value_{index}"),
        }
    }
}

fn action(ident: &Ident, names: &Names, action: &Action<'_>) -> TokenStream {
    let Names { id, name, doc } = names;
    let doc = doc.as_ref().map(|doc| quote!(.doc(#doc)));
    let writes = action
        .writes
        .as_ref()
        .map(|emitter| quote!(.writes(#emitter)));
    let restart = action.restart.then(|| quote!(.restart()));
    let timeout = action
        .timeout
        .map(duration)
        .map(|after| quote!(.timeout(#after)));
    let progress = action.progress.then(|| quote!(.progress()));
    let cancel = action.cancel.then(|| quote!(.cancel()));
    let accepted = action.accepted.then(|| quote!(.accepted()));
    let arguments = action.arguments.iter().enumerate().map(argument);
    let handler = handler(ident, action);
    quote! {
        let __rship_spec =
            __rship::ActionSpec::new(#id).name(#name) #doc #writes #restart #timeout
                #progress #cancel #accepted;
        #(#arguments)*
        let __rship_action = __rship_spec #handler;
        __rship_model.action(__rship_action);
    }
}

fn argument((index, argument): (usize, &Argument<'_>)) -> TokenStream {
    let conditions = &argument.conditions;
    let Locals { arg, reader, .. } = Locals::of(index);
    let declared = declared(argument);
    quote_spanned! {at(argument.ty.span())=>
        #(#conditions)*
        let #arg = #declared;
        #(#conditions)*
        let #reader = #arg.reader();
        #(#conditions)*
        let __rship_spec = __rship_spec.arg(&#arg);
    }
}

fn declared(argument: &Argument<'_>) -> TokenStream {
    let Argument { name, ty, .. } = argument;
    let doc = argument.doc.as_ref().map(|doc| quote!(.doc(#doc)));
    let label = argument.label.as_ref().map(|label| quote!(.label(#label)));
    let section = argument
        .section
        .as_ref()
        .map(|section| quote!(.section(#section)));
    let bounds = argument.bounds.calls(at(ty.span()));
    let default = argument
        .default
        .as_ref()
        .map(|default| quote!(.default(|| #default)));
    let shown_default = argument
        .shown_default
        .as_ref()
        .map(|shown| quote!(.shown_default(#shown)));
    let flatten = argument.flatten.then(|| quote!(.flatten()));
    quote_spanned! {at(ty.span())=>
        __rship::Arg::<#ty>::new(#name) #doc #label #section #bounds #default #shown_default #flatten
    }
}

/// Refuses a `Result` inside of an answer, by whatever name.
fn part(part: TokenStream) -> TokenStream {
    quote_spanned!(at(part.span())=> __rship::AnswerPart::<#part>::is_told();)
}

fn handler(ident: &Ident, action: &Action<'_>) -> TokenStream {
    let place = at(ident.span());
    let values = |read: fn(&Argument<'_>, &Locals) -> TokenStream| -> TokenStream {
        let arguments = action.arguments.iter().enumerate();
        arguments
            .map(|(index, argument)| read(argument, &Locals::of(index)))
            .collect()
    };
    // Arguments are decoded before the future exists, because it must not borrow their readers.
    let read = values(
        |Argument { conditions, .. }, Locals { value, reader, .. }| {
            quote! {
                #(#conditions)*
                let #value = __rship_args.read(&#reader);
            }
        },
    );
    let pass = values(
        |Argument { conditions, .. }, Locals { value, .. }| quote!(#(#conditions)* #value?,),
    );
    let parts = action.output.map(ty::parts).unwrap_or_default();
    let parts: Vec<TokenStream> = parts.into_iter().map(part).collect();
    let reply = |call: TokenStream| {
        // A type that cannot be an answer is a message at the type.
        let output = at(action.output.map_or(ident.span(), Type::span));
        let reply = quote_spanned!(output=> __rship::ReplyOf(__rship_answer).reply());
        let parts = parts.iter();
        quote_spanned! {place=>
            #(#parts)*
            let __rship_answer = #call;
            #reply
        }
    };
    let args = if action.arguments.is_empty() {
        quote!(_)
    } else {
        quote!(__rship_args)
    };
    let owned_args = if action.arguments.is_empty() {
        quote!(_)
    } else {
        quote!(mut __rship_args)
    };
    match &action.run {
        run @ (Run::Sync | Run::Blocking) => {
            let method = match run {
                Run::Blocking => format_ident!("blocking"),
                _ => format_ident!("sync"),
            };
            let reply = reply(quote_spanned!(place=> Self::#ident(__rship_target, #pass)));
            quote_spanned! {place=>
                .#method(move |__rship_target: &mut Self, #args| {
                    #read
                    #reply
                })
            }
        }
        Run::Future => {
            let reply = reply(quote_spanned!(place=> Self::#ident(__rship_target, #pass).await));
            quote_spanned! {place=>
                .future(move |__rship_target: &mut Self, #owned_args| {
                    #read
                    __rship::Box::pin(async move { #reply })
                })
            }
        }
        Run::Detached(handle, future) => {
            let wait = future.then(|| quote_spanned!(place=> .await));
            let reply = reply(quote_spanned!(place=> Self::#ident(__rship_handle, #pass) #wait));
            quote_spanned! {place=>
                .detached(move |__rship_handle: #handle, #owned_args| {
                    #read
                    __rship::Box::pin(async move { #reply })
                })
            }
        }
    }
}
