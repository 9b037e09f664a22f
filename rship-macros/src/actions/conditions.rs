//! `#[cfg]` and `#[cfg_attr]`: an attribute macro is called before the compiler has looked at them, a
//! derive macro after. So what is described under conditions is put into an item that has a derive, and is
//! described when that is called.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Attribute, Meta, Token};

use crate::actions::ast::Block;
use crate::paths::{self, Ours};

/// Whether one of the attributes is a condition.
pub(crate) fn any(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|attr| {
        let path = attr.path();
        path.is_ident("cfg") || path.is_ident("cfg_attr")
    })
}

/// Whether the attribute is one of these of ours, or would be under a condition.
pub(crate) fn mentions(meta: &Meta, ours: &Ours, names: &[&str]) -> bool {
    names.iter().any(|name| ours.is(meta.path(), name))
        || conditional(meta)
            .is_some_and(|(_, metas)| metas.iter().any(|meta| mentions(meta, ours, names)))
}

/// The attribute without these of ours; `None` when nothing is left of it.
pub(crate) fn without(meta: &Meta, ours: &Ours, names: &[&str]) -> Option<Meta> {
    let Meta::List(list) = meta else {
        return (!mentions(meta, ours, names)).then(|| meta.clone());
    };
    if !mentions(meta, ours, names) {
        return Some(meta.clone());
    }
    let (predicate, metas) = conditional(meta)?;
    let others = metas.iter().filter_map(|meta| without(meta, ours, names));
    let others: Vec<Meta> = others.collect();
    (!others.is_empty()).then(|| {
        let mut list = list.clone();
        list.tokens = quote!(#predicate, #(#others),*);
        Meta::List(list)
    })
}

/// The predicate of a `cfg_attr` and the attributes under it.
fn conditional(meta: &Meta) -> Option<(TokenStream, Vec<Meta>)> {
    let list = match meta {
        Meta::List(list) if list.path.is_ident("cfg_attr") => list,
        _ => return None,
    };
    let parser = |input: ParseStream<'_>| {
        let predicate = input.parse::<Meta>()?.into_token_stream();
        input.parse::<Token![,]>()?;
        let metas = Punctuated::<Meta, Token![,]>::parse_terminated(input)?;
        Ok((predicate, metas.into_iter().collect()))
    };
    parser.parse2(list.tokens.clone()).ok()
}

/// What has the compiler look at the conditions and then call [`answer`]'s macro; the item that carries
/// the question is gone by then.
pub(crate) fn ask(ours: &Ours, arguments: &TokenStream, block: &Block) -> TokenStream {
    let runtime = paths::runtime(ours.runtime.as_ref());
    let skeleton = block.skeleton();
    quote! {
        #[derive(#runtime::__Described)]
        #[#runtime::__asked]
        struct __RshipAsked([(); { ::core::stringify! { #arguments }; #skeleton 0 }]);
    }
}

/// The arguments of `#[actions]` and the impl, without conditions.
pub(crate) fn answer(asked: TokenStream) -> Option<(TokenStream, TokenStream)> {
    let fields = inside(asked, Delimiter::Parenthesis)?;
    let array = inside(fields, Delimiter::Bracket)?;
    let mut tokens = inside(array, Delimiter::Brace)?.into_iter();
    let arguments = tokens.by_ref().find_map(|token| match token {
        TokenTree::Group(group) => Some(group.stream()),
        _ => None,
    })?;
    // Between the two a semicolon, behind them the number that an array needs.
    let mut block: Vec<TokenTree> = tokens.skip(1).collect();
    block.pop();
    Some((arguments, without_gaps(block.into_iter().collect())))
}

/// The impl without the commas that are left of arguments which are not there.
fn without_gaps(tokens: TokenStream) -> TokenStream {
    let is_comma =
        |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',');
    let repaired = tokens.into_iter().map(|token| match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
            in_place_of(&group, without_gaps(group.stream()))
        }
        TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => {
            let mut after_comma = true;
            let kept = group.stream().into_iter().filter(|token| {
                let gap = after_comma && is_comma(token);
                after_comma = is_comma(token);
                !gap
            });
            in_place_of(&group, kept.collect())
        }
        other => other,
    });
    repaired.collect()
}

fn in_place_of(group: &Group, tokens: TokenStream) -> TokenTree {
    let mut new = Group::new(group.delimiter(), tokens);
    new.set_span(group.span());
    new.into()
}

/// What is in the last group with these delimiters.
fn inside(tokens: TokenStream, delimiter: Delimiter) -> Option<TokenStream> {
    let groups = tokens.into_iter().filter_map(|token| match token {
        TokenTree::Group(group) if group.delimiter() == delimiter => Some(group.stream()),
        _ => None,
    });
    groups.last()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attr::Given;
    use crate::errors::Errors;
    use crate::grammar;
    use syn::parse_quote;

    fn ours() -> Ours {
        let mut errors = Errors::default();
        let given = Given::of_macro(&grammar::ACTIONS, TokenStream::new(), &mut errors);
        Ours::of(&given)
    }

    #[test]
    fn ours_are_taken_out_of_conditions_at_any_depth() {
        let left =
            |meta: Meta| without(&meta, &ours(), &["action"]).map(|left| quote!(#left).to_string());
        assert_eq!(
            left(parse_quote!(cfg_attr(a, action(id = "b"), inline))),
            Some(quote!(cfg_attr(a, inline)).to_string())
        );
        assert_eq!(left(parse_quote!(cfg_attr(a, cfg_attr(b, action)))), None);
        assert_eq!(
            left(parse_quote!(cfg_attr(a, cfg(b)))),
            Some(quote!(cfg_attr(a, cfg(b))).to_string())
        );
        assert_eq!(left(parse_quote!(rship_runtime::action)), None);
        assert!(left(parse_quote!(other::action)).is_some());
    }

    #[test]
    fn what_was_asked_is_answered() {
        let asked = quote! {
            struct A([(); { ::core::stringify! { crate = b }; impl C { fn d(, a: u8, , b: u8) {} } 0 }]);
        };
        let (arguments, block) = answer(asked).unwrap();
        assert_eq!(arguments.to_string(), "crate = b");
        assert_eq!(
            block.to_string(),
            quote!(impl C { fn d(a: u8, b: u8) {} }).to_string()
        );
    }
}
