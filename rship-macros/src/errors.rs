//! Mistakes are collected, so that one run of the compiler reports all of them.

use std::fmt::Display;

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

/// The mistakes found so far, in the order of the source.
#[derive(Default)]
pub(crate) struct Errors {
    all: Vec<syn::Error>,
}

impl Errors {
    /// Adds a mistake that these tokens show, and what to write instead.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, what: impl Display, note: impl Display) {
        self.all
            .push(syn::Error::new_spanned(tokens, with_note(&what, &note)));
    }

    /// Adds a mistake at a place that has no tokens of its own.
    pub(crate) fn at_span(&mut self, span: Span, what: impl Display, note: impl Display) {
        self.all
            .push(syn::Error::new(span, with_note(&what, &note)));
    }

    /// Adds what the parser found.
    pub(crate) fn push(&mut self, error: syn::Error) {
        self.all.push(error);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(crate) fn count(&self) -> usize {
        self.all.len()
    }

    /// The compiler's own form of the mistakes: items that do not compile.
    pub(crate) fn into_tokens(self) -> TokenStream {
        self.all.iter().map(syn::Error::to_compile_error).collect()
    }

    #[cfg(test)]
    pub(crate) fn messages(&self) -> Vec<String> {
        self.all.iter().map(ToString::to_string).collect()
    }
}

fn with_note(what: &impl Display, note: &impl Display) -> String {
    format!("{what}\nnote: {note}")
}
