//! How expanded code names the crate it needs, and what is of it.

use std::time::Duration;

use proc_macro2::TokenStream;
use quote::quote;

use crate::attr::Given;

/// The import that gives expanded code everything it names, as `__rship`.
pub(crate) fn import(given: Option<&Given>) -> TokenStream {
    match given.and_then(|given| given.path("crate")) {
        Some(path) => quote!(use #path::__private as __rship;),
        None => quote!(
            use ::rship_runtime::__private as __rship;
        ),
    }
}

/// A duration as an expression.
pub(crate) fn duration(duration: Duration) -> TokenStream {
    let (seconds, nanos) = (duration.as_secs(), duration.subsec_nanos());
    quote!(__rship::Duration::new(#seconds, #nanos))
}

/// Lints that would look into expanded code: what it does with the user's items is not the user's doing.
pub(crate) fn allow() -> TokenStream {
    quote! {
        #[allow(
            deprecated,
            unreachable_code,
            unused_mut,
            unused_qualifications,
            unused_variables,
            clippy::all,
            clippy::pedantic,
            clippy::nursery
        )]
    }
}
