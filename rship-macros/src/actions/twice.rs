//! Two blocks of one type that have no name, or the same one: a message in words of ours. No macro call sees another
//! one's types, so a later block that might be of the same type has the compiler compare them.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use proc_macro2::TokenStream;
use quote::quote;

use crate::actions::valid::Actions;
use crate::blocks::hash;
use crate::ty;

/// More are forgotten: an editor keeps this process for long.
const KEPT: usize = 64;

/// Blocks, each by a hash of its code; by the last name of their type and their own name.
type Seen = HashMap<(String, Option<String>), Vec<u64>>;

static SEEN: LazyLock<Mutex<Seen>> = LazyLock::new(Mutex::default);

/// What a block has beside its implementation of `Actions`.
pub(crate) struct Comparison {
    /// By which later blocks know it, and what compares it with earlier ones.
    pub(crate) items: TokenStream,
    /// A condition of the implementation: without it the compiler would have a message of its own.
    pub(crate) condition: Option<TokenStream>,
}

pub(crate) fn compare(actions: &Actions<'_>) -> Comparison {
    let (generics, _, bounds) = actions.generics.split_for_impl();
    let self_ty = actions.self_ty;
    let name = actions.block.map(syn::LitStr::value);
    let own = hash(&format!("{name:?} {}", actions.code));
    let mut items = quote! {
        #[automatically_derived]
        impl #generics __rship::Block<#own> for #self_ty #bounds {}
    };
    let earlier = earlier(actions, own);
    // The compiler compares at once only what is not generic.
    if earlier.is_empty() || !actions.generics.params.is_empty() {
        return Comparison {
            items,
            condition: None,
        };
    }
    let only = match actions.block {
        None => quote!(__rship::OnlyWithoutName<#self_ty>),
        Some(_) => quote!(__rship::OnlyOfItsName<#self_ty>),
    };
    items.extend(quote! {
        use __rship::NoBlock as _;

        struct __RshipIsFirst<const IS: ::core::primitive::bool>;

        impl #only for __RshipIsFirst<true> {}
    });
    let condition = quote! {
        __RshipIsFirst<{ #(!__rship::ProbeBlock::<#self_ty, #earlier>::IS_THERE)&&* }>: #only
    };
    Comparison {
        items,
        condition: Some(condition),
    }
}

/// Blocks that may be of the same type; from now on, this is one of them.
fn earlier(actions: &Actions<'_>, own: u64) -> Vec<u64> {
    let ty = ty::last_name(actions.self_ty).unwrap_or_default();
    let key = (ty, actions.block.map(syn::LitStr::value));
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    let seen = seen.entry(key).or_default();
    let earlier: Vec<u64> = seen.iter().copied().filter(|other| *other != own).collect();
    if !seen.contains(&own) {
        seen.push(own);
    }
    let forgotten = seen.len().saturating_sub(KEPT);
    seen.drain(..forgotten);
    earlier
}
