//! `#[actions]`: read, check, expand; whatever is wrong, the user's impl stays as it is, and what is
//! right is expanded, so that the compiler's own messages come in the same run.

mod argument;
mod ast;
mod conditions;
mod expand;
mod signature;
pub(crate) mod strip;
mod twice;
mod valid;

use proc_macro2::TokenStream;
use quote::quote;

use crate::attr::Given;
use crate::errors::Errors;
use crate::grammar;

pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let given = Given::of_macro(&grammar::ACTIONS, arguments, &mut errors);
    let Some(block) = ast::parse(item.clone(), &mut errors) else {
        let item = strip::all(item);
        let errors = errors.into_tokens();
        return quote!(#item #errors);
    };
    let actions = valid::check(&block, &given, &mut errors);
    let item = block.without_attributes();
    let described = expand::expand(&actions);
    let errors = errors.into_tokens();
    quote!(#item #errors #described)
}
