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
                let mut inner = Group::new(group.delimiter(), without(group.stream(), names));
                inner.set_span(group.span());
                kept.push(inner.into());
            }
            other => kept.push(other),
        }
    }
    kept.into_iter().collect()
}

fn is_attribute(group: &Group, names: &[&str]) -> bool {
    group.delimiter() == Delimiter::Bracket
        && matches!(
            group.stream().into_iter().next(),
            Some(TokenTree::Ident(ident)) if names.iter().any(|name| ident == name)
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    #[test]
    fn only_the_named_attributes_go() {
        let item = quote! {
            #[doc = "kept"] impl A { #[action(id = "a")] fn a(&self, #[arg(min = 1)] b: u8) { #[cfg(x)] c() } }
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
                #[doc = "kept"] impl A { #[action(id = "a")] fn a(&self, b: u8) { #[cfg(x)] c() } }
            }
            .to_string()
        );
    }
}
