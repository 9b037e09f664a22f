//! What `#[actions]` finds at the definition of a generic type, where the derive has said of its fields, as types,
//! which ids and names they have. (Constants of such a type are looked at only where it is used.)

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{PathArguments, Type};

use crate::actions::valid::{Actions, Member};
use crate::actions::written;
use crate::{blocks, ty};

/// The checks, for the function that describes the block.
pub(crate) fn checks(actions: &Actions<'_>) -> TokenStream {
    if !is_generic(actions) {
        return TokenStream::new();
    }
    let members = actions.members.iter();
    let checks = members.flat_map(|member| {
        let actions_of = member.action_ids().into_iter().map(|id| ("action", id));
        let emitters_of = member.emitter_ids().into_iter().map(|id| ("emitter", id));
        let ids = actions_of.chain(emitters_of).filter(|_| member.names.sure);
        let ids = ids.map(|(kind, id)| of_id(actions, member, kind, &id));
        ids.chain(of_writes(actions, member)).collect::<Vec<_>>()
    });
    let checks: TokenStream = checks.collect();
    if checks.is_empty() {
        return checks;
    }
    quote! {
        {
            use __rship::OtherwiseNo as _;
            #checks
        }
    }
}

/// Whether the block is of a type with parameters, as far as can be seen.
fn is_generic(actions: &Actions<'_>) -> bool {
    let has_arguments = match ty::bare(actions.self_ty) {
        Type::Path(path) => {
            let mut segments = path.path.segments.iter();
            segments.any(|segment| !matches!(segment.arguments, PathArguments::None))
        }
        _ => false,
    };
    has_arguments || !actions.generics.params.is_empty()
}

/// Refuses an id that a field has.
fn of_id(actions: &Actions<'_>, member: &Member<'_>, kind: &str, id: &str) -> TokenStream {
    let message = format!(
        "method `{}` and a field of `{}` both have the {kind} id `{id}`",
        member.ident,
        ty::text(actions.self_ty)
    );
    let note = format!("give one of them another: `#[{kind}(id = \"..\")]`");
    let hash = blocks::id(kind, id);
    let place = at(member.ident.span());
    let answer = quote_spanned!(place=> __rship::AskField::<Self, #hash>::__rship_answer());
    let right = [quote!(__RshipRight for __rship::No)];
    let texts = ("this id is taken", note.as_str());
    refuse(place, &message, texts, &right, &answer)
}

/// Refuses to write what is not an emitter, where all emitters are known.
fn of_writes(actions: &Actions<'_>, member: &Member<'_>) -> Option<TokenStream> {
    let (writes, text) = written::of_fields(member, &actions.members)?;
    let place = at(writes.span());
    let hash = blocks::written(&text);
    let answer = quote_spanned! {place=>
        (
            __rship::AskBlocks::<Self>::__rship_answer(),
            __rship::AskField::<Self, #hash>::__rship_answer(),
        )
    };
    let right = [
        quote!(<A> __RshipRight for (__rship::No, A)),
        quote!(__RshipRight for (__rship::Yes, __rship::Yes)),
    ];
    let message = written::message(member, &text);
    let texts = ("not an emitter", written::NOTE);
    Some(refuse(place, &message, texts, &right, &answer))
}

/// Does not compile unless the type of the answer is one of these.
fn refuse(
    place: Span,
    message: &str,
    (label, note): (&str, &str),
    right: &[TokenStream],
    answer: &TokenStream,
) -> TokenStream {
    // Braces would be parameters there.
    let message = message.replace('{', "{{").replace('}', "}}");
    let right = right.iter().map(|right| quote!(impl #right {}));
    quote_spanned! {place=>
        {
            #[diagnostic::on_unimplemented(message = #message, label = #label, note = #note)]
            trait __RshipRight {}
            #(#right)*
            fn __rship_is_right<A: __RshipRight>(_: A) {}
            __rship_is_right(#answer);
        }
    }
}

fn at(span: Span) -> Span {
    Span::call_site().located_at(span)
}
