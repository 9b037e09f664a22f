//! Takes the helper attributes out of tokens that could not be read, so that they raise no further messages.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// The tokens without `#[action]`, `#[emitter]` and `#[arg]`, at any depth.
pub(crate) fn all(tokens: TokenStream) -> TokenStream {
    without(tokens, &["action", "emitter", "arg"])
}

/// The tokens without `#[arg]`, at any depth.
pub(crate) fn arguments(tokens: TokenStream) -> TokenStream {
    without(tokens, &["arg"])
}

fn without(tokens: TokenStream, names: &[&str]) -> TokenStream {
    let mut kept: Vec<TokenTree> = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let hash =
                    matches!(kept.last(), Some(TokenTree::Punct(punct)) if punct.as_char() == '#');
                if hash && is_attribute(&group, names) {
                    kept.pop();
                    continue;
                }
                // One that stays as it is keeps the places of its delimiters, so that the compiler says
                // what is wrong with it once.
                if !contains(group.stream(), names) {
                    kept.push(group.into());
                    continue;
                }
                let mut inner = Group::new(group.delimiter(), without(group.stream(), names));
                inner.set_span(group.span());
                kept.push(inner.into());
            }
            other => kept.push(other),
        }
    }
    kept.into_iter().collect()
}

fn contains(tokens: TokenStream, names: &[&str]) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => is_attribute(&group, names) || contains(group.stream(), names),
        _ => false,
    })
}

fn is_attribute(group: &Group, names: &[&str]) -> bool {
    if group.delimiter() != Delimiter::Bracket {
        return false;
    }
    // The path, which may begin with the name of the crate.
    let path = group.stream().into_iter().map_while(|token| match token {
        TokenTree::Ident(ident) => Some(ident.to_string()),
        TokenTree::Punct(punct) if punct.as_char() == ':' => Some(String::new()),
        _ => None,
    });
    let path: Vec<String> = path.filter(|segment| !segment.is_empty()).collect();
    match path.as_slice() {
        [name] => names.contains(&name.as_str()),
        [first, .., name] => first == "rship_runtime" && names.contains(&name.as_str()),
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    #[test]
    fn only_the_named_attributes_go() {
        let item = quote! {
            #[doc = "kept"] impl A { #[rship_runtime::action(id = "a")] fn a(&self, #[arg(min = 1)] b: u8) { #[cfg(x)] c() } }
        };
        assert_eq!(
            all(item.clone()).to_string(),
            quote!(
                #[doc = "kept"]
                impl A {
                    fn a(&self, b: u8) {
                        #[cfg(x)]
                        c()
                    }
                }
            )
            .to_string()
        );
        assert_eq!(
            arguments(item).to_string(),
            quote! {
                #[doc = "kept"] impl A { #[rship_runtime::action(id = "a")] fn a(&self, b: u8) { #[cfg(x)] c() } }
            }
            .to_string()
        );
    }
}
