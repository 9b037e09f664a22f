//! The implementation of `Actions`; of members with mistakes, only the types are in it.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Type, parse_quote};

use crate::actions::argument::Argument;
use crate::actions::definition;
use crate::actions::twice;
use crate::actions::valid::{Action, Actions, Member, MemberKind, Run};
use crate::actions::written;
use crate::ids::Names;
use crate::pace::Of;
use crate::paths::duration;
use crate::{blocks, members, ty};

pub(crate) fn expand(actions: &Actions<'_>) -> TokenStream {
    let Actions {
        import,
        allowed,
        generics,
        self_ty,
        block,
        members,
        unfinished,
        ..
    } = actions;
    let unreadable = unfinished.then(|| quote!(__rship::unreadable::<Self>();));
    // The derive refuses a target that borrows, or may, and further messages here would add nothing.
    let members = match ty::Borrows::of(self_ty, false) {
        None if ty::unbounded(generics).is_empty() => members.as_slice(),
        _ => &[],
    };
    let self_ty = match ty::bare(self_ty) {
        Type::Reference(reference) => &*reference.elem,
        other => other,
    };
    let marker = blocks::marker(*block);
    let action_ids = ids(members, |member| member.action_ids());
    let emitter_ids = ids(members, |member| member.emitter_ids());
    let awaiting = awaiting(members, self_ty);
    let described = members.iter().map(|member| self::member(member, actions));
    let members::Functions { items, calls } = members::functions(generics, &self_ty, described);
    let checks = checks(actions);
    let at_definition = definition::checks(actions);
    let (at_once, in_all_cases) = if generics.params.is_empty() {
        (quote!(#(const _: () = { #checks };)*), TokenStream::new())
    } else {
        (TokenStream::new(), quote!(#(const { #checks };)*))
    };
    // Of what is no target, no list is asked for either.
    let require = ty::unbounded(generics).is_empty().then(|| require(actions));
    let twice::Comparison {
        items: compared,
        condition,
    } = twice::compare(actions);
    let mut with_condition = (*generics).clone();
    if let Some(condition) = condition {
        let bounds = with_condition.make_where_clause();
        bounds.predicates.push(parse_quote!(#condition));
    }
    let (generics, _, bounds) = with_condition.split_for_impl();
    quote! {
        #(#allowed)*
        const _: () = {
            #import
            use __rship::{PlainPart as _, PlainReply as _, written::NoFields as _};

            #items

            #compared

            #[automatically_derived]
            impl #generics __rship::Actions<#marker> for #self_ty #bounds {
                const ACTION_IDS: &'static [&'static ::core::primitive::str] = &[#action_ids];
                const EMITTER_IDS: &'static [&'static ::core::primitive::str] = &[#emitter_ids];
                #awaiting

                fn describe_actions(__rship_model: &mut __rship::ModelBuilder<Self>) {
                    #unreadable
                    #require
                    #in_all_cases
                    #at_definition
                    #calls
                }
            }

            #at_once
        };
    }
}

/// What requires that the struct lists the block.
fn require(actions: &Actions<'_>) -> TokenStream {
    let place = at(match actions.block {
        None => actions.self_ty.span(),
        Some(name) => name.span(),
    });
    let lists = blocks::lists(actions.block, &quote!(Self));
    quote_spanned! {place=>
        let () = <<Self as __rship::Derived>::Kind as __rship::MayHaveActions<Self>>::MAY;
        let () = <<Self as __rship::Derived>::Listing as #lists>::LISTED;
    }
}

/// The ids of one kind that the members give, sorted.
fn ids(members: &[Member<'_>], given: impl Fn(&Member<'_>) -> Vec<String>) -> TokenStream {
    let sure = members.iter().filter(|member| member.names.sure);
    let mut ids: Vec<String> = sure.flat_map(given).collect();
    ids.sort();
    quote!(#(#ids,)*)
}

/// What is wrong with a lock before the type, if one of the actions awaits or may.
fn awaiting(members: &[Member<'_>], self_ty: &Type) -> Option<TokenStream> {
    let member = members.iter().find(|member| {
        let awaits = match &member.kind {
            MemberKind::Action(action) => action.run.awaits(),
            MemberKind::Computed { .. } => false,
        };
        awaits && member.sound && member.names.sure
    })?;
    let ty = ty::text(self_ty);
    let message = format!(
        "action `{}` of `{ty}` is `async` or takes a handle, so `{ty}` cannot stand behind a lock, which must \
         not be held over an await\nnote: write an `fn` with `&mut self`, `#[action(blocking)]` where it takes \
         long, or take `{ty}` itself in place of the `Arc<Mutex<{ty}>>`",
        member.ident
    );
    Some(quote! {
        const AWAITING: __rship::Option<&'static ::core::primitive::str> = __rship::Some(#message);
    })
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

fn member(member: &Member<'_>, actions: &Actions<'_>) -> TokenStream {
    let Member {
        ident,
        names,
        kind,
        sound,
        ..
    } = member;
    match kind {
        _ if !sound => types(kind),
        MemberKind::Computed { value, every, pace } => {
            let Names { id, name, doc, .. } = names;
            let doc = doc.as_ref().map(|doc| quote!(.doc(#doc)));
            let every = every.map(duration).map_or_else(
                || quote!(__rship::None),
                |every| quote!(__rship::Some(#every)),
            );
            let pace = pace.calls(&Of::Type(value), at(value.span()));
            let method = method(ident, actions);
            quote_spanned! {at(value.span())=>
                __rship_model.computed::<#value>(
                    __rship::EmitterSpec::new(#id).name(#name) #doc #pace,
                    #every,
                    |__rship_target: &Self| #method(__rship_target),
                );
            }
        }
        MemberKind::Action(action) => self::action(ident, names, action, actions),
    }
}

/// The method, by its full path: another of that name may be in reach.
fn method(ident: &Ident, actions: &Actions<'_>) -> TokenStream {
    let place = at(ident.span());
    match actions.of_trait {
        Some(of_trait) => quote_spanned!(place=> <Self as #of_trait>::#ident),
        None => quote_spanned!(place=> Self::#ident),
    }
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

fn action(ident: &Ident, names: &Names, action: &Action<'_>, actions: &Actions<'_>) -> TokenStream {
    let method = method(ident, actions);
    let Names { id, name, doc, .. } = names;
    let doc = doc.as_ref().map(|doc| quote!(.doc(#doc)));
    let writes = action.writes.as_ref().map(|writes| {
        let id = written::id(writes, &actions.members);
        quote!(.writes(#id))
    });
    let restart = action.restart.then(|| quote!(.restart()));
    let timeout = action
        .timeout
        .map(duration)
        .map(|after| quote!(.timeout(#after)));
    let progress = action.progress.then(|| quote!(.progress()));
    let cancel = action.cancel.then(|| quote!(.cancel()));
    let accepted = action.accepted.then(|| quote!(.accepted()));
    let arguments = action.arguments.iter().enumerate().map(argument);
    let handler = handler(ident, &method, action);
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

/// Refuses a `Result` inside of an answer, by whatever name.
fn part(part: TokenStream) -> TokenStream {
    quote_spanned!(at(part.span())=> __rship::AnswerPart::<#part>::is_told();)
}

fn handler(ident: &Ident, method: &TokenStream, action: &Action<'_>) -> TokenStream {
    let place = at(ident.span());
    let locals = || (0..action.arguments.len()).map(Locals::of);
    // Arguments are decoded before the future exists, because it must not borrow their readers.
    let read = locals().map(|Locals { value, reader, .. }| {
        quote!(let #value = __rship::Args::read(__rship_args, &#reader);)
    });
    let read = quote!(#(#read)*);
    let pass = locals().map(|Locals { value, .. }| quote!(#value?,));
    let pass = quote!(#(#pass)*);
    let parts = action.output.map(ty::parts).unwrap_or_default();
    let parts: Vec<TokenStream> = parts.into_iter().map(part).collect();
    let reply = |call: TokenStream| {
        // A type that cannot be an answer is a message at the type.
        let output = at(action.output.map_or(ident.span(), Type::span));
        let reply = quote_spanned!(output=> __rship::ReplyOf(__rship_answer).__rship_reply());
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
    let (owned_args, read_owned) = if action.arguments.is_empty() {
        (quote!(_), TokenStream::new())
    } else {
        let lend = quote!(let __rship_args = &mut __rship_owned_args;);
        (quote!(mut __rship_owned_args), quote!(#lend #read))
    };
    match &action.run {
        run @ (Run::Sync | Run::Blocking) => {
            let way = match run {
                Run::Blocking => format_ident!("blocking"),
                _ => format_ident!("sync"),
            };
            let reply = reply(quote_spanned!(place=> #method(__rship_target, #pass)));
            quote_spanned! {place=>
                .#way(move |__rship_target: &mut Self, #args| {
                    #read
                    #reply
                })
            }
        }
        Run::Future => {
            let reply = reply(quote_spanned!(place=> #method(__rship_target, #pass).await));
            quote_spanned! {place=>
                .future(move |__rship_target: &mut Self, #owned_args| {
                    #read_owned
                    __rship::Box::pin(async move { #reply })
                })
            }
        }
        Run::Detached(handle, future) => {
            let wait = future.then(|| quote_spanned!(place=> .await));
            let reply = reply(quote_spanned!(place=> #method(__rship_handle, #pass) #wait));
            quote_spanned! {place=>
                .detached::<Self, #handle>(move |__rship_handle: #handle, #owned_args| {
                    #read_owned
                    __rship::Box::pin(async move { #reply })
                })
            }
        }
    }
}
