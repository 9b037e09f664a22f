//! The macros of rship; a device takes them from `rship_runtime::prelude`.

mod actions;
mod attr;
mod bounds;
mod errors;
mod grammar;
mod ids;
mod names;
mod paths;
mod stray;
mod target;
mod ty;

use proc_macro::TokenStream;

/// Makes a struct a target.
#[proc_macro_derive(Target, attributes(target, emitter, action, arg))]
pub fn derive_target(input: TokenStream) -> TokenStream {
    target::derive(input.into()).into()
}

/// Makes methods actions and computed emitters of a target.
#[proc_macro_attribute]
pub fn actions(arguments: TokenStream, item: TokenStream) -> TokenStream {
    actions::expand(arguments.into(), item.into()).into()
}

/// Marks an action.
#[proc_macro_attribute]
pub fn action(_: TokenStream, item: TokenStream) -> TokenStream {
    stray::member("action", item.into()).into()
}

/// Marks an emitter.
#[proc_macro_attribute]
pub fn emitter(_: TokenStream, item: TokenStream) -> TokenStream {
    stray::member("emitter", item.into()).into()
}

/// Describes an argument.
#[proc_macro_attribute]
pub fn arg(_: TokenStream, item: TokenStream) -> TokenStream {
    stray::argument(item.into()).into()
}
