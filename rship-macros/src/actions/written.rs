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
    let MemberKind::Action(action) = &member.kind else {
        return None;
    };
    let writes = action.writes.as_ref().filter(|_| member.sound)?;
    if of_method(writes, members).is_some() {
        return None;
    }
    let text = plain(writes);
    let usual = names::kebab(&text);
    let message = format!(
        "action `{}` writes `{text}`, and there is no such emitter\n\
         note: name a field or a method that is marked `#[emitter]`",
        member.ident
    );
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
