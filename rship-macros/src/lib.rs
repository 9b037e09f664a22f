//! The macros of rship: `#[derive(Target)]` and `#[actions]`.
//!
//! A device takes them from `rship_runtime::prelude`, whose documentation has whole examples; this
//! page is the reference of every attribute.
//!
//! All mistakes of one struct or impl are reported in one run, each where it was made; the item itself
//! is always kept, so that a mistake in an attribute raises no messages elsewhere.
//!
//! # Names
//!
//! | Rust name                   | id                | name                |
//! |-----------------------------|-------------------|---------------------|
//! | field or method `set_stock` | `set-stock`       | `Set stock`         |
//! | struct `BananaStand`        | chosen when added | `Banana stand`      |
//! | struct `HTTPServer`         | chosen when added | `HTTP server`       |
//! | `r#type`, `_type`           | `type`            | `Type`              |
//!
//! An id must not be empty and must not contain `:`, which stands between a target and its members.
//! Documentation comments are what people read on the show: lines joined, leading space stripped.

mod actions;
mod attr;
mod bounds;
mod errors;
mod grammar;
mod ids;
mod names;
mod pace;
mod paths;
mod stray;
mod target;
mod ty;

use proc_macro::TokenStream;

/// Makes a struct a target.
///
/// The struct has named fields, or none, and owns its data (no lifetime parameters). The derive adds
/// no field, changes no type, and asks for no other trait of the struct than `Send`.
///
/// # `#[target(..)]` on the struct
///
/// | argument                 | meaning                                                                  |
/// |--------------------------|--------------------------------------------------------------------------|
/// | `name = ".."`            | what people read; the struct's name in words when it is left out          |
/// | `category = ".."`        | the group a server shows the target in; `target` when it is left out      |
/// | `bg_color = "#rrggbb"`   | background color                                                         |
/// | `fg_color = "#rrggbb"`   | foreground color                                                         |
/// | `id = ".."`              | the whole id of a target of this type that is a sub-target               |
/// | `key = "field"`          | the field (it is `Display`) that tells members of an array apart         |
/// | `name_field = "field"`   | a field (it is `Display`) or a method `fn(&self)` whose value is the name, told whenever it changes |
/// | `crate = path`           | where `rship_runtime` is, if it is not a dependency of that name         |
///
/// # On fields
///
/// A field without one of these attributes stays private.
///
/// **`#[emitter]`** publishes the field whenever its value has changed. Its type has
/// `serde::Serialize` and `schemars::JsonSchema`. A field of type `Emitter<T>` is an impulse instead:
/// it publishes when it is pulsed. Arguments: `id = ".."`, `name = ".."`.
///
/// **`#[action]`** beside `#[emitter]` adds an action `set-FIELD`, whose payload is the value as the
/// emitter publishes it, or `{"FIELD": value}`. The type has `serde::Deserialize`, too. Arguments:
/// `id = ".."`, `name = ".."`, and for numbers `min = ..`, `max = ..`.
///
/// **`#[target]`** makes the field a sub-target: it is a `T`, `Option<T>`, `Vec<T>` or
/// `BTreeMap<String, T>` where `T` is a target. Its id is `PARENT.FIELD`, or `PARENT.FIELD.KEY` for a
/// member of an array or a map. Arguments: `id = ".."` (the whole id), `name = ".."`, `key = "field"` (the
/// field of an array's members that tells them apart; their position when there is none), `forget` (a member
/// that left its field is deleted on the server, too, in place of being offline).
///
/// # Generic structs
///
/// The expansion has exactly the bounds of the struct, so the struct says what its fields need as
/// emitters (`V: Serialize + JsonSchema + Send + 'static`). The actions of a generic struct are found
/// if the bounds of its `#[actions]` impl follow from those of the struct: write the same ones.
#[proc_macro_derive(Target, attributes(target, emitter, action, arg))]
pub fn derive_target(input: TokenStream) -> TokenStream {
    target::derive(input.into()).into()
}

/// Makes methods of an inherent `impl` the actions and computed emitters of a target.
///
/// The methods stay as they are, callable and testable; one impl of each type can have this attribute.
/// Its argument `crate = path` says where `rship_runtime` is, if it is not a dependency of that name.
///
/// # `#[action]` on a method
///
/// | first argument       | how it runs                                                                  |
/// |----------------------|------------------------------------------------------------------------------|
/// | `&self`, `&mut self` | alone in its tree of targets, in the order in which commands arrive           |
/// | `this: Handle<Self>` | beside the others, for actions that run long; it locks the target for moments |
///
/// The method is `fn` or `async fn`, and not generic. Each further argument has a name of its own and
/// an owned type with `serde::Deserialize` and `schemars::JsonSchema`; an `Option` may be absent. What
/// the method returns answers the command: nothing, anything that is `serde::Serialize`, or a `Result`
/// of such a value and an error that is `Display`.
///
/// | argument            | meaning                                                                       |
/// |---------------------|-------------------------------------------------------------------------------|
/// | `id = ".."`         | its id after `TARGET:`                                                        |
/// | `name = ".."`       | what people read                                                              |
/// | `writes = "field"`  | names the emitter (by its field or its id) whose state the action sets        |
/// | `blocking`          | for an `fn` that blocks its thread: the log does not warn of it                |
/// | `restart`           | for an `async fn`: a new run cancels the one before                           |
/// | `timeout = "5s"`    | that long after it arrived, answers with an error, and cancels an `async fn`   |
/// | `progress`          | an emitter `ID-progress` says how far it is, by `this.progress(0.5)`           |
/// | `cancel`            | an action `ID-cancel` ends its runs, and answers whether there were any        |
/// | `answer = "accepted"` | answered as soon as it waits for something; for one that takes a handle      |
///
/// # `#[arg(..)]` on an argument
///
/// A documentation comment on an argument is its description. All of these may be left out:
///
/// | argument           | meaning                                                                        |
/// |--------------------|--------------------------------------------------------------------------------|
/// | `name = ".."`      | its name in the payload; the Rust name when it is left out                      |
/// | `min = ..`         | the lowest value allowed, for numbers and `Option`s of numbers                  |
/// | `max = ..`         | the highest value allowed                                                      |
/// | `default = ..`     | the value of an absent argument; `default` alone is `Default::default()`       |
/// | `unit = "dB"`      | added to the description                                                       |
/// | `label = ".."`     | what a form shows in place of the name (2026)                                  |
/// | `section = ".."`   | the heading under which a form shows it (2026); forms keep the order of the arguments |
/// | `flatten`          | for one struct: its fields are the arguments                                   |
///
/// # `#[emitter]` on a method
///
/// A `fn(&self) -> V` is a computed emitter: it is called again whenever the target changed, and
/// published if its value did. `V` owns its data and has `serde::Serialize` and `schemars::JsonSchema`.
///
/// | argument            | meaning                                                                       |
/// |---------------------|-------------------------------------------------------------------------------|
/// | `id = ".."`         | its id after `TARGET:`                                                        |
/// | `name = ".."`       | what people read                                                              |
/// | `every = "500ms"`   | reads by the clock, for what changes without the target                        |
///
/// `#[cfg]` and `#[cfg_attr]` on methods and arguments hold for what is described, too.
#[proc_macro_attribute]
pub fn actions(arguments: TokenStream, item: TokenStream) -> TokenStream {
    actions::expand(arguments.into(), item.into()).into()
}

/// Marks a method inside [`#[actions]`](macro@actions) as an action, or a field of a
/// [`#[derive(Target)]`](macro@Target) struct as one that can be set.
///
/// Both macros read it themselves; where it is left alone, it is an error that says where it belongs.
#[proc_macro_attribute]
pub fn action(_: TokenStream, item: TokenStream) -> TokenStream {
    stray::member("action", item.into()).into()
}

/// Marks a field of a [`#[derive(Target)]`](macro@Target) struct, or a method inside
/// [`#[actions]`](macro@actions), as an emitter.
///
/// Both macros read it themselves; where it is left alone, it is an error that says where it belongs.
#[proc_macro_attribute]
pub fn emitter(_: TokenStream, item: TokenStream) -> TokenStream {
    stray::member("emitter", item.into()).into()
}

/// Describes an argument of an `#[action]` method inside [`#[actions]`](macro@actions).
///
/// That macro reads it itself; on anything else, it is an error that says where it belongs.
#[proc_macro_attribute]
pub fn arg(_: TokenStream, item: TokenStream) -> TokenStream {
    stray::argument(item.into()).into()
}
