//! `#[actions]`: read, check, expand; whatever is wrong, the user's impl stays as it is, and what is
//! right is expanded, so that the compiler's own messages come in the same run.

mod argument;
mod ast;
mod conditions;
mod definition;
mod expand;
mod signature;
pub(crate) mod strip;
mod twice;
mod valid;
mod written;

use proc_macro2::TokenStream;
use quote::quote;

use crate::actions::ast::Block;
use crate::attr::Given;
use crate::errors::Errors;
use crate::grammar;
use crate::manifest::Dependency;
use crate::paths::Ours;
use crate::ty;

pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let given = Given::of_macro(&grammar::ACTIONS, arguments.clone(), &mut errors);
    let ours = Ours::of(&given);
    let Some(block) = ast::parse(item.clone(), &mut errors) else {
        let item = strip::all(item);
        let errors = errors.into_tokens();
        return quote!(#item #errors);
    };
    let item = block.without_attributes(&ours);
    if Dependency::of(Some(&given)) == Dependency::Absent {
        // The derive says it.
        let errors = errors.into_tokens();
        return quote!(#item #errors);
    }
    let marks = block.marks(&ours);
    if !marks && !block.unfinished {
        nothing_in(&block, &mut errors);
    }
    let described = if marks && block.needs_derive() {
        // Reads the arguments again, and then says what is wrong with them.
        errors = Errors::default();
        conditions::ask(&ours, &arguments, &block)
    } else {
        expand::expand(&valid::check(&block, &given, &ours, &mut errors))
    };
    let errors = errors.into_tokens();
    quote!(#item #errors #described)
}

/// Describes an impl whose conditions the compiler has looked at.
pub(crate) fn describe(asked: TokenStream) -> TokenStream {
    let Some((arguments, item)) = conditions::answer(asked) else {
        return TokenStream::new();
    };
    let mut errors = Errors::default();
    let given = Given::of_macro(&grammar::ACTIONS, arguments, &mut errors);
    let ours = Ours::of(&given);
    let block = ast::parse(item, &mut errors);
    let described = block
        .as_ref()
        .map(|block| expand::expand(&valid::check(block, &given, &ours, &mut errors)));
    let errors = errors.into_tokens();
    quote!(#errors #described)
}

fn nothing_in(block: &Block, errors: &mut Errors) {
    errors.at_span(
        proc_macro2::Span::call_site(),
        format_args!(
            "`#[actions]` finds nothing in this impl of `{}`",
            ty::text(&block.self_ty)
        ),
        "mark methods with `#[action]` or `#[emitter]`, or remove `#[actions]`",
    );
}
