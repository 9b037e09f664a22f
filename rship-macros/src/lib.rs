#![doc = include_str!("../README.md")]
//!
//! This page is the reference of every attribute: those of a struct and its fields are with
//! [`derive(Target)`](macro@Target), those of its methods with [`macro@actions`].
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
mod blocks;
mod bounds;
mod docs;
mod errors;
mod first;
#[cfg(test)]
mod golden;
mod grammar;
mod ids;
mod manifest;
mod members;
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
/// ```
/// use rship_runtime::prelude::*;
///
/// #[derive(Target)]
/// #[target(name = "The rack", category = "audio", bg_color = "#202020")]
/// struct Rack {
///     #[target(key = "serial")]
///     amplifiers: Vec<Amplifier>,
/// }
///
/// #[derive(Target)]
/// struct Amplifier {
///     serial: String,
///     #[emitter]
///     gain: f64,
/// }
/// ```
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
/// | `actions`                | it has `#[actions]`; for generic structs, where nothing else can tell    |
/// | `actions("..", ..)`      | the same, and further `#[actions(block = "..")]` of these names          |
/// | `crate = path`           | where `rship_runtime` is, if it is not a dependency of that name         |
///
/// # On fields
///
/// A field without one of these attributes stays private:
///
/// | attribute                              | the field becomes                                          |
/// |----------------------------------------|------------------------------------------------------------|
/// | [`#[emitter]`](macro@emitter)          | a state, or impulses where it is an `Emitter<T>`           |
/// | [`#[action]`](macro@action) beside it  | also an action that sets it                                |
/// | `#[target]`                            | a sub-target, or several                                   |
///
/// # `#[target(..)]` on a field
///
/// The field is a `T`, `Option<T>`, `Vec<T>`, `BTreeMap<K, T>` or `HashMap<K, T>` where `T` is a
/// target, and may be in a `Box`, an `Arc<Mutex<..>>` or an `Arc<RwLock<..>>`. Its id is
/// `PARENT.FIELD`, or `PARENT.FIELD.KEY` for a member of an array or a map.
///
/// | argument                 | meaning                                                                  |
/// |--------------------------|--------------------------------------------------------------------------|
/// | `id = ".."`              | the whole id, or what comes before `.KEY`                                |
/// | `name = ".."`            | what people read in place of the type's name                             |
/// | `key = "field"`          | the field of an array's members that tells them apart                    |
/// | `model = "function"`     | the function that describes members whose type is of another crate, `fn() -> Result<Arc<Model<T>>, ModelError>` |
/// | `forget`                 | a member that left is deleted on the server, in place of being offline    |
///
/// # On an enum
///
/// Each of its variants holds one target, `enum Fixture { Dimmer(Dimmer), Mover(Mover) }`: a member of a
/// field has what its variant has. The enum itself takes `#[target(crate = path)]` alone.
///
/// # Generic structs
///
/// The expansion has exactly the bounds of the struct, so the struct says what its fields need as
/// emitters (`V: Serialize + JsonSchema + Send + 'static`). One that has actions says so,
/// `#[target(actions)]`: then it is a target for those types for which its `#[actions]` impl is there.
#[proc_macro_derive(Target, attributes(target, emitter, action))]
pub fn derive_target(input: TokenStream) -> TokenStream {
    target::derive(place(), input.into()).into()
}

/// Makes methods of an `impl` the actions and computed emitters of a target.
///
/// The methods stay as they are, callable and testable. The impl is one of the type itself or of a
/// trait, and may ask for more than the struct does.
///
/// | argument         | meaning                                                                          |
/// |------------------|----------------------------------------------------------------------------------|
/// | `block = ".."`   | the name of a further block of the type, listed in `#[target(actions(".."))]`     |
/// | `crate = path`   | where `rship_runtime` is, if it is not a dependency of that name                  |
///
/// [`#[action]`](macro@action) makes a method a command, [`#[emitter]`](macro@emitter) a computed value;
/// [`#[arg]`](macro@arg) describes an argument of a command.
///
/// `#[cfg]` and `#[cfg_attr]` on methods and arguments hold for what is described, too.
#[proc_macro_attribute]
pub fn actions(arguments: TokenStream, item: TokenStream) -> TokenStream {
    actions::expand(arguments.into(), item.into()).into()
}

/// Makes a method inside [`#[actions]`](macro@actions) a command, or a field of a
/// [`#[derive(Target)]`](macro@Target) struct one that can be set.
///
/// ```
/// use rship_runtime::prelude::*;
///
/// #[derive(Target)]
/// struct Lamp {
///     #[emitter]
///     #[action(min = 0, max = 1)]
///     level: f64,
/// }
///
/// #[actions]
/// impl Lamp {
///     /// Off if it is on, else on.
///     #[action(writes = "level", timeout = "1s")]
///     fn toggle(&mut self) -> bool {
///         self.level = if self.level > 0.0 { 0.0 } else { 1.0 };
///         self.level > 0.0
///     }
/// }
/// ```
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
/// # `#[action(..)]` on a field
///
/// Beside `#[emitter]`, it adds an action `set-FIELD`, whose payload is the value as the emitter
/// publishes it, or `{"FIELD": value}`. The type has `serde::Deserialize`, too.
///
/// | argument            | meaning                                                                       |
/// |---------------------|-------------------------------------------------------------------------------|
/// | `id = ".."`         | its id after `TARGET:`                                                        |
/// | `name = ".."`       | what people read                                                              |
/// | `min = ..`          | the lowest value allowed, for numbers and `Option`s of numbers                 |
/// | `max = ..`          | the highest value allowed                                                     |
/// | `min = "method"`, `max = "method"`, `choices = "method"` | a method of the target says it when the device runs |
/// | `set = "method"`    | the checked value is given to this method, `fn(&mut self, value)`, which may refuse |
/// | `transient`         | what is set is not kept over a restart, also where the executor has a state file |
///
/// Both macros read it themselves; where it is left alone, it is an error that says where it belongs.
#[proc_macro_attribute]
pub fn action(_: TokenStream, item: TokenStream) -> TokenStream {
    stray::member("action", place(), item.into()).into()
}

/// Describes an argument of an `#[action]` method inside [`#[actions]`](macro@actions).
///
/// ```
/// use rship_runtime::prelude::*;
///
/// #[derive(Target)]
/// struct Lamp;
///
/// #[actions]
/// impl Lamp {
///     #[action]
///     fn fade(
///         &mut self,
///         /// The brightness in the end.
///         #[arg(min = 0, max = 1)]
///         level: f64,
///         #[arg(default = 2.0, unit = "s")] seconds: f64,
///     ) {
///     }
/// }
/// ```
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
/// | `min = "method"`, `max = "method"` | a method of the target says it when the device runs, `fn(&self)` to a number or an `Option` of one |
/// | `choices = "method"` | a method of the target says what can be chosen when the device runs, `fn(&self) -> Vec<String>` or any other array of values; of a `Vec`, each item is one of them |
/// | `default = ..`     | the value of an absent argument; `default` alone is `Default::default()`       |
/// | `unit = "dB"`      | added to the description                                                       |
/// | `label = ".."`     | what a form shows in place of the name (2026)                                  |
/// | `section = ".."`   | the heading under which a form shows it (2026); forms keep the order of the arguments |
/// | `flatten`          | for one struct: its fields are the arguments                                   |
///
/// That macro reads it itself; on anything else, it is an error that says where it belongs.
#[proc_macro_attribute]
pub fn arg(_: TokenStream, item: TokenStream) -> TokenStream {
    stray::argument(item.into()).into()
}

/// Makes a field of a [`#[derive(Target)]`](macro@Target) struct, or a method inside
/// [`#[actions]`](macro@actions), an emitter: a value that the show sees.
///
/// ```
/// use rship_runtime::prelude::*;
///
/// #[derive(Target)]
/// struct Tank {
///     /// In litres.
///     #[emitter(id = "content", name = "Content")]
///     litres: f64,
///     /// Pulsed, not watched: `self.overflowed.pulse(litres)`.
///     #[emitter]
///     overflowed: Emitter<f64>,
/// }
///
/// #[actions]
/// impl Tank {
///     #[emitter(every = "1s")]
///     fn is_full(&self) -> bool {
///         self.litres > 100.0
///     }
/// }
/// ```
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
/// | `max_rate = "30 Hz"` | tells the newest value, at most so often; the last one always                |
/// | `deadband = 0.01`   | for numbers: by how much a value must differ from the one told last           |
///
/// # `#[emitter(..)]` on a field
///
/// It publishes the field whenever its value has changed. The type has `serde::Serialize` and
/// `schemars::JsonSchema`. A field of type `Emitter<T>` is an impulse instead: it publishes when it is
/// pulsed.
///
/// | argument            | meaning                                                                       |
/// |---------------------|-------------------------------------------------------------------------------|
/// | `id = ".."`         | its id after `TARGET:`                                                        |
/// | `name = ".."`       | what people read                                                              |
/// | `every = "100ms"`   | looked at by the clock as well: what other threads change                      |
/// | `with = "function"` | published is what an `fn(&Field) -> V` makes of the field                      |
/// | `max_rate`, `deadband` | as on a method                                                             |
///
/// Both macros read it themselves; where it is left alone, it is an error that says where it belongs.
#[proc_macro_attribute]
pub fn emitter(_: TokenStream, item: TokenStream) -> TokenStream {
    stray::member("emitter", place(), item.into()).into()
}

/// Describes an impl with conditions in it, once the compiler has looked at them.
#[doc(hidden)]
#[proc_macro_derive(__Described)]
pub fn described(asked: TokenStream) -> TokenStream {
    actions::describe(asked.into()).into()
}

/// Takes away the item that has carried such an impl to its derive.
#[doc(hidden)]
#[proc_macro_attribute]
pub fn __asked(_: TokenStream, _: TokenStream) -> TokenStream {
    TokenStream::new()
}

fn place() -> first::Place {
    let span = proc_macro::Span::call_site();
    first::Place {
        file: span.file(),
        line: span.line(),
    }
}
