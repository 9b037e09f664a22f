//! How expanded code names the crate it needs, and how its attributes are named.

use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::Path;

use crate::attr::Given;
use crate::manifest::Dependency;

/// The import that gives expanded code everything it names, as `__rship`.
pub(crate) fn import(given: Option<&Given>) -> TokenStream {
    let runtime = runtime(given.and_then(|given| given.path("crate")));
    quote!(use #runtime::__private as __rship;)
}

/// The path of the crate: the one that was given, or else its name in the package.
pub(crate) fn runtime(given: Option<&Path>) -> TokenStream {
    if let Some(given) = given {
        return given.to_token_stream();
    }
    match Dependency::of(None) {
        Dependency::Renamed(name) => {
            let name = Ident::new(&name, Span::call_site());
            quote!(::#name)
        }
        Dependency::Named | Dependency::Absent => quote!(::rship_runtime),
    }
}

/// How the attributes of this crate can be written.
pub(crate) struct Ours {
    /// Where the crate is, if it was given.
    pub(crate) runtime: Option<Path>,
}

impl Ours {
    pub(crate) fn of(given: &Given) -> Self {
        Self {
            runtime: given.path("crate").cloned(),
        }
    }

    /// Whether the path is `name`, alone or as an item of this crate.
    pub(crate) fn is(&self, path: &Path, name: &str) -> bool {
        let mut segments = path.segments.iter().map(|segment| &segment.ident);
        if segments.next_back().is_none_or(|last| last != name) {
            return false;
        }
        let before: Vec<_> = segments.collect();
        let given = self.runtime.iter().flat_map(|path| &path.segments);
        let given: Vec<_> = given.map(|segment| &segment.ident).collect();
        match before.first() {
            None => path.leading_colon.is_none(),
            Some(first) => {
                *first == "rship_runtime" || !given.is_empty() && before.starts_with(&given)
            }
        }
    }
}

/// A duration as an expression.
pub(crate) fn duration(duration: Duration) -> TokenStream {
    let (seconds, nanos) = (duration.as_secs(), duration.subsec_nanos());
    quote!(__rship::Duration::new(#seconds, #nanos))
}

/// The name of something of the user's in the expansion of a derive, which may use what is deprecated.
/// (Where the user forbids lints, `allow` would be a mistake itself.)
pub(crate) fn unlinted(ident: &Ident) -> Ident {
    let mut ident = ident.clone();
    ident.set_span(Span::call_site().located_at(ident.span()));
    ident
}
