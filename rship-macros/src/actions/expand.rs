//! The implementation of `Actions`; of members with mistakes, only the types are in it.

use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned as _;

use crate::actions::argument::Argument;
use crate::actions::valid::{Action, Actions, Member, MemberKind, Run};
use crate::actions::written;
use crate::ids::Names;
use crate::ty;

pub(crate) fn expand(actions: &Actions<'_>) -> TokenStream {
    let Actions {
        import,
        allowed,
        generics,
        self_ty,
        members,
        unfinished,
    } = actions;
    let unreadable = unfinished.then(|| quote!(__rship::unreadable::<Self>();));
    // The derive refuses a target that borrows, or may, and a second message here would add nothing.
    let borrows = generics.lifetimes().next().is_some()
        || !ty::unbounded(generics).is_empty()
        || ty::Borrows::of(self_ty, false).is_some();
    if borrows || members.is_empty() {
        return TokenStream::new();
    }
    let params = &actions.generics.params;
    let (generics, _, bounds) = generics.split_for_impl();
    let action_ids = ids(members, |kind| matches!(kind, MemberKind::Action(_)));
    let emitter_ids = ids(members, |kind| matches!(kind, MemberKind::Computed { .. }));
    let described = members.iter().map(|member| self::member(member, members));
    let checks = checks(actions);
    let (at_once, in_all_cases) = if params.is_empty() {
        (quote!(#(const _: () = { #checks };)*), TokenStream::new())
    } else {
        (TokenStream::new(), quote!(#(const { #checks };)*))
    };
    quote! {
        #(#allowed)*
        const _: () = {
            #import
            use __rship::written::NoFields as _;

            #[automatically_derived]
            impl #generics __rship::Actions for #self_ty #bounds {
                const ACTION_IDS: &'static [&'static ::core::primitive::str] = &[#action_ids];
                const EMITTER_IDS: &'static [&'static ::core::primitive::str] = &[#emitter_ids];

                fn describe_actions(__rship_model: &mut __rship::ModelBuilder<Self>) {
                    use __rship::PlainReply as _;
                    #unreadable
                    #in_all_cases
                    #(#described)*
                }
            }

            #at_once
        };
    }
}

fn ids(members: &[Member<'_>], of: fn(&MemberKind<'_>) -> bool) -> TokenStream {
    let ids = members
        .iter()
        .filter(|member| member.sound && of(&member.kind))
        .map(|member| &member.names.id);
    quote!(#(#ids),*)
}

/// What no single macro knows; of a generic type, the compiler looks at it when it is used.
fn checks(actions: &Actions<'_>) -> Vec<TokenStream> {
    let self_ty = actions.self_ty;
    let target = quote!(#self_ty);
    let members = &actions.members;
    let checks = members
        .iter()
        .filter_map(|member| written::check(member, members, &target));
    checks.collect()
}

fn member(member: &Member<'_>, members: &[Member<'_>]) -> TokenStream {
    let Member {
        ident,
        names,
        kind,
        sound,
    } = member;
    let statements = match kind {
        _ if !sound => types(kind),
        MemberKind::Computed { value, every } => {
            let Names { id, name, doc } = names;
            let doc = doc.as_ref().map(|doc| quote!(.doc(#doc)));
            let every = every.map(duration).map_or_else(
                || quote!(__rship::None),
                |every| quote!(__rship::Some(#every)),
            );
            quote_spanned! {at(value.span())=>
                __rship_model.computed::<#value>(
                    __rship::EmitterSpec::new(#id).name(#name) #doc,
                    #every,
                    |__rship_target: &Self| Self::#ident(__rship_target),
                );
            }
        }
        MemberKind::Action(action) => self::action(ident, names, action, members),
    };
    quote!({ #statements })
}

fn duration(duration: Duration) -> TokenStream {
    let (seconds, nanos) = (duration.as_secs(), duration.subsec_nanos());
    quote!(__rship::Duration::new(#seconds, #nanos))
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
                let declared = declared(argument);
                quote_spanned!(at(argument.ty.span())=> let _ = #declared;)
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

fn action(
    ident: &Ident,
    names: &Names,
    action: &Action<'_>,
    members: &[Member<'_>],
) -> TokenStream {
    let Names { id, name, doc } = names;
    let doc = doc.as_ref().map(|doc| quote!(.doc(#doc)));
    let writes = action.writes.as_ref().map(|writes| {
        let id = written::id(writes, members);
        quote!(.writes(#id))
    });
    let restart = action.restart.then(|| quote!(.restart()));
    let timeout = action
        .timeout
        .map(duration)
        .map(|after| quote!(.timeout(#after)));
    let arguments = action.arguments.iter().enumerate().map(argument);
    let handler = handler(ident, action);
    quote! {
        let __rship_spec =
            __rship::ActionSpec::new(#id).name(#name) #doc #writes #restart #timeout;
        #(#arguments)*
        let __rship_action = __rship_spec #handler;
        __rship_model.action(__rship_action);
    }
}

fn argument((index, argument): (usize, &Argument<'_>)) -> TokenStream {
    let Locals { arg, reader, .. } = Locals::of(index);
    let declared = declared(argument);
    quote_spanned! {at(argument.ty.span())=>
        let #arg = #declared;
        let #reader = __rship::Arg::reader(&#arg);
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
    let default = argument.default.as_ref();
    let flatten = argument.flatten.then(|| quote!(.flatten()));
    quote_spanned! {at(ty.span())=>
        __rship::Arg::<#ty>::new(#name) #doc #label #section #bounds #default #flatten
    }
}

fn handler(ident: &Ident, action: &Action<'_>) -> TokenStream {
    let place = at(ident.span());
    let locals = || (0..action.arguments.len()).map(Locals::of);
    // Arguments are decoded before the future exists, because it must not borrow their readers.
    let read = locals().map(|Locals { value, reader, .. }| {
        quote!(let #value = __rship::Args::read(__rship_args, &#reader);)
    });
    let read = quote!(#(#read)*);
    let pass = locals().map(|Locals { value, .. }| quote!(#value?,));
    let pass = quote!(#(#pass)*);
    let reply = |call: TokenStream| {
        // A type that cannot be an answer is a message at the type.
        let output = at(action.output.map_or(ident.span(), Type::span));
        let reply = quote_spanned!(output=> __rship::ReplyOf(__rship_answer).__rship_reply());
        quote_spanned! {place=>
            let __rship_answer = #call;
            #reply
        }
    };
    let args = if action.arguments.is_empty() {
        quote!(_)
    } else {
        quote!(__rship_args)
    };
    let (owned_args, read_owned) = if action.arguments.is_empty() {
        (quote!(_), TokenStream::new())
    } else {
        let lend = quote!(let __rship_args = &mut __rship_owned_args;);
        (quote!(mut __rship_owned_args), quote!(#lend #read))
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
                    #read_owned
                    __rship::Box::pin(async move { #reply })
                })
            }
        }
        Run::Detached(handle, future) => {
            let wait = future.then(|| quote_spanned!(place=> .await));
            let reply = reply(quote_spanned!(place=> Self::#ident(__rship_handle, #pass) #wait));
            quote_spanned! {place=>
                .detached::<Self, #handle>(move |__rship_handle: #handle, #owned_args| {
                    #read_owned
                    __rship::Box::pin(async move { #reply })
                })
            }
        }
    }
}
