//! `writes = ".."`: the emitter that an action sets as well, found among the methods here and the fields
//! that the derive has seen.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::LitStr;

use crate::actions::valid::{Member, MemberKind};
use crate::names;

/// The id of the emitter.
pub(crate) fn id(writes: &LitStr, members: &[Member<'_>]) -> TokenStream {
    match of_method(writes, members) {
        Some(id) => quote!(#id),
        None => {
            let text = plain(writes);
            let usual = names::kebab(&text);
            quote! {
                __rship::written::id(
                    __rship::written::Fields::<Self>::EMITTERS,
                    __rship::written::Fields::<Self>::BLOCKS,
                    #text,
                    #usual,
                )
            }
        }
    }
}

/// Refuses what is neither; only the compiler knows the fields.
pub(crate) fn check(
    member: &Member<'_>,
    members: &[Member<'_>],
    target: &TokenStream,
) -> Option<TokenStream> {
    let (writes, text) = of_fields(member, members)?;
    let usual = names::kebab(&text);
    let message = format!("{}\nnote: {NOTE}", message(member, &text));
    let place = Span::call_site().located_at(writes.span());
    Some(quote_spanned! {place=>
        if !__rship::written::exists(
            __rship::written::Fields::<#target>::EMITTERS,
            __rship::written::Fields::<#target>::BLOCKS,
            #text,
            #usual,
        ) {
            ::core::panic!(#message)
        }
    })
}

/// What to write in place of what is not an emitter.
pub(crate) const NOTE: &str = "name a field or a method that is marked `#[emitter]`";

/// What is wrong with a member that writes what is not an emitter.
pub(crate) fn message(member: &Member<'_>, text: &str) -> String {
    format!(
        "action `{}` writes `{text}`, and there is no such emitter",
        member.ident
    )
}

/// What the member writes, with its plain text, unless it is a method of the same block.
pub(crate) fn of_fields<'m>(
    member: &'m Member<'_>,
    members: &[Member<'_>],
) -> Option<(&'m LitStr, String)> {
    let MemberKind::Action(action) = &member.kind else {
        return None;
    };
    let writes = action.writes.as_ref().filter(|_| member.sound)?;
    let text = plain(writes);
    let usual = names::kebab(&text);
    let by_id = |member: &Member<'_>| member.emitter_ids().contains(&usual);
    let is_here = of_method(writes, members).is_some() || members.iter().any(by_id);
    (!is_here).then_some((writes, text))
}

fn of_method(writes: &LitStr, members: &[Member<'_>]) -> Option<String> {
    let text = plain(writes);
    let computed = || {
        let computed = |member: &&Member<'_>| matches!(member.kind, MemberKind::Computed { .. });
        members.iter().filter(computed)
    };
    computed()
        .find(|member| names::plain(member.ident) == text)
        .or_else(|| computed().find(|member| member.names.id == text))
        .map(|member| member.names.id.clone())
}

/// Names are compared without what only the compiler needs.
fn plain(writes: &LitStr) -> String {
    let text = writes.value();
    text.strip_prefix("r#")
        .unwrap_or(&text)
        .trim_start_matches('_')
        .to_owned()
}
