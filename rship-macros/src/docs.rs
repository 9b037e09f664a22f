//! The text of documentation comments, as it is shown to people.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Attribute, Expr, Meta};

use crate::attr;

/// What the comments of one item say.
#[derive(Clone)]
pub(crate) enum Doc {
    Text(String),
    /// With parts that only the compiler can read, such as `include_str!(..)`.
    Parts(Vec<TokenStream>),
}

enum Part {
    Text(String),
    Expr(TokenStream),
}

impl Doc {
    /// The documentation comments among the attributes: lines joined, leading space stripped.
    pub(crate) fn of(attrs: &[Attribute]) -> Option<Self> {
        let mut parts: Vec<Part> = Vec::new();
        for attr in attrs.iter().filter(|attr| attr.path().is_ident("doc")) {
            let Meta::NameValue(doc) = &attr.meta else {
                continue;
            };
            let part = match attr::text_of(&doc.value) {
                Some(text) => Part::Text(cleaned(&text.value())),
                None => match &doc.value {
                    Expr::Macro(call) => Part::Expr(call.to_token_stream()),
                    // The compiler takes nothing else.
                    _ => continue,
                },
            };
            match (parts.last_mut(), part) {
                (Some(Part::Text(before)), Part::Text(text)) => {
                    before.push('\n');
                    before.push_str(&text);
                }
                (_, part) => parts.push(part),
            }
        }
        if let [Part::Text(text)] = parts.as_slice() {
            let text = text.trim_matches(['\n', ' ']);
            return (!text.is_empty()).then(|| Self::Text(text.to_owned()));
        }
        let parts = parts.into_iter().map(|part| match part {
            Part::Text(text) => text.into_token_stream(),
            Part::Expr(expr) => expr,
        });
        let parts: Vec<_> = parts.collect();
        (!parts.is_empty()).then_some(Self::Parts(parts))
    }

    /// The text with a sentence about the unit behind it.
    pub(crate) fn with_unit(doc: Option<Self>, unit: &str) -> Self {
        match doc {
            None => Self::Text(format!("Unit: {unit}.")),
            Some(Self::Text(mut text)) => {
                if !text.ends_with(['.', '!', '?', ':']) {
                    text.push('.');
                }
                Self::Text(format!("{text} Unit: {unit}."))
            }
            Some(Self::Parts(mut parts)) => {
                parts.push(format!("Unit: {unit}.").into_token_stream());
                Self::Parts(parts)
            }
        }
    }
}

impl ToTokens for Doc {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Text(text) => text.to_tokens(tokens),
            Self::Parts(parts) => tokens.extend(quote! {
                ::core::primitive::str::trim(::core::concat!(#(#parts, "\n"),*))
            }),
        }
    }
}

/// The text of one comment, without what only makes it look nice in the source.
fn cleaned(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let Some(stars) = lines
        .split_first()
        .filter(|(_, rest)| !rest.is_empty())
        .map(|(_, rest)| column_of_stars(text, rest))
    else {
        return text
            .trim_end()
            .strip_prefix(' ')
            .unwrap_or(text.trim_end())
            .to_owned();
    };
    let rest = lines.get(1..).unwrap_or_default();
    let indent = match stars {
        Some(_) => 0,
        None => {
            let indents = rest
                .iter()
                .filter(|line| !line.is_empty())
                .map(|line| indent(line));
            indents.min().unwrap_or(0)
        }
    };
    for (index, line) in lines.iter_mut().enumerate() {
        *line = match stars {
            _ if index == 0 => line.strip_prefix(' ').unwrap_or(line),
            Some(column) => {
                let line = line.get(column + 1..).unwrap_or_default();
                line.strip_prefix(' ').unwrap_or(line)
            }
            None => line.get(indent..).unwrap_or_default(),
        };
    }
    lines.join("\n")
}

/// Where the stars at the left edge of a block comment are, if it has them. A list at the left edge of its
/// text looks the same but for the end of the comment, whose own star is in line with those of an edge.
fn column_of_stars(text: &str, rest: &[&str]) -> Option<usize> {
    let (_, end) = text.rsplit_once('\n')?;
    let mut starred = rest.iter().filter(|line| !line.is_empty());
    let column = indent(starred.clone().next()?);
    let all = starred.all(|line| indent(line) == column && line.trim_start().starts_with('*'));
    let in_line = if end.trim().is_empty() {
        end.chars().count() == column
    } else {
        text.ends_with(' ')
    };
    (all && in_line).then_some(column)
}

/// How far a line is indented, in bytes, which are characters here.
fn indent(line: &str) -> usize {
    line.bytes()
        .take_while(|byte| matches!(byte, b' ' | b'\t'))
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(item: &syn::ItemStruct) -> Option<String> {
        Doc::of(&item.attrs).map(|doc| match doc {
            Doc::Text(text) => text,
            Doc::Parts(_) => doc.to_token_stream().to_string(),
        })
    }

    #[test]
    fn lines_are_joined_without_the_leading_space() {
        let item = syn::parse_quote! {
            /// One.
            ///
            ///   indented
            #[doc(hidden)]
            #[doc = "Last. "]
            struct A;
        };
        assert_eq!(text(&item).as_deref(), Some("One.\n\n  indented\nLast."));
        assert_eq!(
            text(&syn::parse_quote!(
                struct A;
            )),
            None
        );
    }

    #[test]
    fn block_comments_lose_their_edge_and_keep_their_lists() {
        for (comment, shown) in [
            ("\n * One.\n * Two.\n ", "One.\nTwo."),
            (" One.\n     *\n     * Two.\n     ", "One.\n\nTwo."),
            (
                "\n        One:\n          * a\n          * b\n    ",
                "One:\n  * a\n  * b",
            ),
            (
                " Modes:\n        * a\n        * b\n     ",
                "Modes:\n* a\n* b",
            ),
            (
                "\n     * Modes:\n     * * a\n     *   more\n     ",
                "Modes:\n* a\n  more",
            ),
            ("Modes:\n* a\n* b", "Modes:\n* a\n* b"),
            ("\n    One.\n\n    Two.\n    ", "One.\n\nTwo."),
            (" One. ", "One."),
            (" *", "*"),
        ] {
            let item = syn::parse_quote!(#[doc = #comment] struct A;);
            assert_eq!(text(&item).as_deref(), Some(shown), "{comment:?}");
        }
    }

    #[test]
    fn what_the_compiler_includes_is_passed_on() {
        let item = syn::parse_quote! {
            /// One.
            #[doc = include_str!("a.md")]
            struct A;
        };
        let expected = quote!(::core::primitive::str::trim(::core::concat!(
            "One.",
            "\n",
            include_str!("a.md"),
            "\n"
        )));
        assert_eq!(text(&item), Some(expected.to_string()));
    }

    #[test]
    fn a_unit_is_part_of_the_description() {
        let with = |text: &str| Doc::with_unit(Some(Doc::Text(text.to_owned())), "dB");
        let shown = |doc: Doc| doc.to_token_stream().to_string();
        assert_eq!(shown(with("How loud")), "\"How loud. Unit: dB.\"");
        assert_eq!(shown(Doc::with_unit(None, "s")), "\"Unit: s.\"");
    }
}
