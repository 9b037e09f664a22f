//! Checks each method against its attributes and settles all names.

use std::time::Duration;

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::{FnArg, GenericParam, Generics, LitStr, PatType, Path, ReturnType, Signature, Type};

use crate::actions::argument::{self, Argument};
use crate::actions::ast::{Block, Method, attrs_of};
use crate::actions::signature::{self, CalledOn, Named};
use crate::attr::Given;
use crate::docs::Doc;
use crate::errors::Errors;
use crate::ids::{Names, Taken};
use crate::pace::Pace;
use crate::paths::{self, Ours};
use crate::{grammar, names, ty};

/// All that the expansion needs.
pub(crate) struct Actions<'a> {
    pub(crate) import: TokenStream,
    pub(crate) allowed: &'a [syn::Attribute],
    pub(crate) generics: &'a Generics,
    pub(crate) self_ty: &'a Type,
    /// The trait whose methods they are.
    pub(crate) of_trait: Option<&'a Path>,
    /// The impl as it is written.
    pub(crate) code: String,
    /// The block's name.
    pub(crate) block: Option<&'a LitStr>,
    pub(crate) members: Vec<Member<'a>>,
    pub(crate) unfinished: bool,
}

pub(crate) struct Member<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) names: Names,
    pub(crate) kind: MemberKind<'a>,
    /// Whether it is without mistakes; if not, only the types in it can be used.
    pub(crate) sound: bool,
}

impl Member<'_> {
    /// The ids of its actions.
    pub(crate) fn action_ids(&self) -> Vec<String> {
        let MemberKind::Action(action) = &self.kind else {
            return Vec::new();
        };
        let cancel = action.cancel.then(|| self.names.cancel());
        [self.names.id.clone()].into_iter().chain(cancel).collect()
    }

    /// The ids of its emitters.
    pub(crate) fn emitter_ids(&self) -> Vec<String> {
        match &self.kind {
            MemberKind::Computed { .. } => vec![self.names.id.clone()],
            MemberKind::Action(action) if action.progress => vec![self.names.progress()],
            MemberKind::Action(_) => Vec::new(),
        }
    }
}

pub(crate) enum MemberKind<'a> {
    Action(Action<'a>),
    Computed {
        value: &'a Type,
        every: Option<Duration>,
        pace: Pace,
    },
}

pub(crate) struct Action<'a> {
    pub(crate) run: Run<'a>,
    pub(crate) arguments: Vec<Argument<'a>>,
    pub(crate) output: Option<&'a Type>,
    pub(crate) writes: Option<LitStr>,
    pub(crate) restart: bool,
    pub(crate) timeout: Option<Duration>,
    /// Whether there is an emitter `ID-progress`.
    pub(crate) progress: bool,
    /// Whether there is an action `ID-cancel`.
    pub(crate) cancel: bool,
    pub(crate) accepted: bool,
}

/// How a handler runs.
pub(crate) enum Run<'a> {
    Sync,
    Blocking,
    Future,
    /// With the type of its handle, and whether it is a future.
    Detached(&'a Type, bool),
}

impl Run<'_> {
    /// Whether it is a future, or takes a handle, with which it may wait for the target.
    pub(crate) fn awaits(&self) -> bool {
        matches!(self, Self::Future | Self::Detached(..))
    }
}

pub(crate) fn check<'a>(
    block: &'a Block,
    given: &'a Given,
    ours: &Ours,
    errors: &mut Errors,
) -> Actions<'a> {
    let mut actions = Taken::new("action", "action");
    let mut emitters = Taken::new("emitter", "emitter");
    let mut members = Vec::new();
    for method in block.methods() {
        let before = errors.count();
        let Some((attribute, given)) = role(method, ours, errors) else {
            continue;
        };
        let ident = &method.sig.ident;
        let doc = Doc::of(&method.attrs);
        let names = Names::of(&given, &names::plain(ident), doc.as_ref());
        let taken = match attribute {
            Role::Action => &mut actions,
            Role::Emitter => &mut emitters,
        };
        taken.take(&names.id, ident, &given, errors);
        if given.has("progress") {
            emitters.take(&names.progress(), ident, &given, errors);
        }
        if given.has("cancel") {
            actions.take(&names.cancel(), ident, &given, errors);
        }
        let kind = match attribute {
            Role::Action => Some(MemberKind::Action(action(
                &method.sig,
                &given,
                (ours, &block.self_ty),
                errors,
            ))),
            Role::Emitter => computed(&method.sig, &given, (ours, &block.self_ty), errors),
        };
        let sound = errors.count() == before;
        // Outside the method, its own type parameters have no meaning.
        let generic = method.sig.generics.params.iter().any(is_type_or_const);
        if let Some(kind) = kind.filter(|_| sound || !generic) {
            members.push(Member {
                ident,
                names,
                kind,
                sound,
            });
        }
    }
    if let Type::Reference(reference) = ty::bare(&block.self_ty) {
        errors.at(
            reference,
            "`#[actions]` must be on an impl for the target itself, and this one is for a reference",
            format_args!("write `{}`", ty::text(&reference.elem)),
        );
    }
    Actions {
        import: paths::import(Some(given)),
        allowed: &block.allowed,
        generics: &block.generics,
        self_ty: &block.self_ty,
        of_trait: block.of_trait.as_ref(),
        code: block.code(),
        block: given.string("block"),
        members,
        unfinished: block.unfinished,
    }
}

fn is_type_or_const(param: &GenericParam) -> bool {
    !matches!(param, GenericParam::Lifetime(_))
}

#[derive(Clone, Copy)]
enum Role {
    Action,
    Emitter,
}

/// Which attribute the method has, with its arguments.
fn role(method: &Method, ours: &Ours, errors: &mut Errors) -> Option<(Role, Given)> {
    let (mut action, mut emitter) = (None, None);
    for attr in &method.attrs {
        if ours.is(attr.path(), "action") {
            Given::add(&mut action, &grammar::ACTION, &attr.meta, errors);
        } else if ours.is(attr.path(), "emitter") {
            Given::add(&mut emitter, &grammar::COMPUTED, &attr.meta, errors);
        }
    }
    let ident = &method.sig.ident;
    match (action, emitter) {
        (Some(_), Some(emitter)) => {
            errors.at(
                emitter,
                format_args!("method `{ident}` is both an action and an emitter"),
                "keep one of `#[action]` and `#[emitter]`, and write a second method for the other",
            );
            None
        }
        (Some(action), None) => Some((Role::Action, action)),
        (None, Some(emitter)) => Some((Role::Emitter, emitter)),
        (None, None) => {
            for arg in method.sig.inputs.iter().flat_map(attrs_of) {
                if ours.is(arg.path(), "arg") {
                    errors.at(
                        arg.path(),
                        format_args!(
                            "`#[arg]` is on an argument of `{ident}`, which is not an action"
                        ),
                        format_args!("add `#[action]` to `{ident}`, or remove `#[arg]`"),
                    );
                }
            }
            None
        }
    }
}

fn action<'a>(
    sig: &'a Signature,
    given: &Given,
    (ours, self_ty): (&Ours, &Type),
    errors: &mut Errors,
) -> Action<'a> {
    let named = Named {
        kind: "action",
        ident: &sig.ident,
    };
    signature::check(sig, &named, errors);
    if let Some(FnArg::Receiver(receiver)) = sig.inputs.first() {
        argument::none(&receiver.attrs, &named, ours, errors);
    }
    let (called_on, inputs) = signature::called_on(sig, &named, self_ty, true, errors);
    if let (Some(CalledOn::Handle(_)), Some(FnArg::Typed(handle))) =
        (&called_on, sig.inputs.first())
    {
        argument::none(&handle.attrs, &named, ours, errors);
    }
    if let ReturnType::Type(_, output) = &sig.output
        && matches!(ty::bare(output), Type::Never(_))
    {
        errors.at(
            output,
            format_args!("{named} never returns, so nobody would be answered"),
            "return something or nothing; what goes on for ever belongs in a task that the action starts",
        );
    }
    let arguments = argument::all(&inputs, &named, ours, errors);
    let future = sig.asyncness.is_some();
    let detached = matches!(called_on, Some(CalledOn::Handle(_)));
    options(given, &named, future, detached, errors);
    Action {
        run: match called_on {
            Some(CalledOn::Handle(handle)) => Run::Detached(handle, future),
            _ if future => Run::Future,
            _ if given.has("blocking") => Run::Blocking,
            _ => Run::Sync,
        },
        arguments,
        output: match &sig.output {
            ReturnType::Type(_, ty) => Some(ty),
            ReturnType::Default => None,
        },
        writes: given.string("writes").cloned(),
        restart: given.has("restart"),
        timeout: given.duration("timeout"),
        progress: given.has("progress"),
        cancel: given.has("cancel"),
        accepted: given.has("answer"),
    }
}

/// Refuses options that do not go with the way the handler runs.
fn options(given: &Given, named: &Named<'_>, future: bool, detached: bool, errors: &mut Errors) {
    if let Some(blocking) = given.name_of("blocking") {
        let wrong = match (future, detached) {
            (true, _) => Some(("is `async`", "remove `async`, or `blocking`")),
            (_, true) => Some((
                "takes a handle",
                "write `&mut self` in place of the handle, or remove `blocking`",
            )),
            _ => None,
        };
        if let Some((is, note)) = wrong {
            errors.at(
                blocking,
                format_args!("{named} {is}, so it cannot be `blocking`"),
                note,
            );
        }
    }
    for key in ["restart", "cancel"] {
        if let Some(place) = given.name_of(key).filter(|_| !future) {
            errors.at(
                place,
                format_args!("{named} is not `async`, so a run of it cannot be cancelled"),
                format_args!("make it `async`, or remove `{key}`"),
            );
        }
    }
    for (key, cannot) in [
        ("progress", "so nobody can say how far it is"),
        ("answer", "so it cannot be answered before it ends"),
    ] {
        if let Some(place) = given.name_of(key).filter(|_| !(future && detached)) {
            let has = match (future, detached) {
                (false, true) => "is not `async`",
                _ => "takes no handle",
            };
            errors.at(
                place,
                format_args!("{named} {has}, {cannot}"),
                format_args!(
                    "write `async fn {}(this: Handle<Self>, ..)`, or remove `{key}`",
                    named.ident
                ),
            );
        }
    }
    if let Some(answer) = given.string("answer")
        && answer.value() != "accepted"
    {
        errors.at(
            answer,
            format_args!("`{}` is not a way to answer {named}", answer.value()),
            "write `answer = \"accepted\"`, or remove it: the answer is then what the method returns",
        );
    }
}

fn computed<'a>(
    sig: &'a Signature,
    given: &Given,
    (ours, self_ty): (&Ours, &Type),
    errors: &mut Errors,
) -> Option<MemberKind<'a>> {
    let named = Named {
        kind: "computed emitter",
        ident: &sig.ident,
    };
    signature::check(sig, &named, errors);
    if let Some(token) = &sig.asyncness {
        errors.at(
            token,
            format_args!("{named} must not be `async`"),
            "it is read after every change, so it must return at once; keep the value in a \
             field that an action or a loop writes",
        );
    }
    if let Some(FnArg::Receiver(receiver)) = sig.inputs.first() {
        argument::none(&receiver.attrs, &named, ours, errors);
    }
    let (called_on, inputs) = signature::called_on(sig, &named, self_ty, false, errors);
    if matches!(called_on, Some(CalledOn::Exclusive)) {
        errors.at(
            sig.inputs.first(),
            format_args!("{named} must not change the target that it reads"),
            "write `&self`",
        );
    }
    // Without a receiver, its arguments are probably a handle or the target under another name.
    if called_on.is_some() {
        no_arguments(&inputs, &named, errors);
    }
    let ReturnType::Type(_, value) = &sig.output else {
        errors.at(
            &sig.ident,
            format_args!("{named} returns nothing"),
            "write the type of its value, such as `-> f64`",
        );
        return None;
    };
    let pace = Pace::of(given, &named.to_string(), errors);
    owns_its_value(value, &named, errors).then(|| MemberKind::Computed {
        value,
        every: given.duration("every"),
        pace,
    })
}

fn no_arguments(inputs: &[&PatType], named: &Named<'_>, errors: &mut Errors) {
    if !inputs.is_empty() {
        let all = inputs.iter().map(|input| &input.pat);
        let names: Vec<String> = all
            .map(|pat| format!("`{}`", pat.to_token_stream()))
            .collect();
        let whole = inputs
            .iter()
            .map(|PatType { pat, ty, .. }| quote!(#pat: #ty));
        errors.at(
            quote!(#(#whole),*),
            format_args!("{named} must not take arguments: {}", names.join(", ")),
            "nothing passes them; remove them, or make it an `#[action]` that answers",
        );
    }
}

fn owns_its_value(value: &Type, named: &Named<'_>, errors: &mut Errors) -> bool {
    if matches!(ty::bare(value), Type::Never(_)) {
        errors.at(
            value,
            format_args!("{named} never returns, so it has no value"),
            "write the type of its value, such as `-> f64`",
        );
    } else if ty::impl_trait(value).is_some() {
        errors.at(
            value,
            format_args!("{named} must name the type of its value"),
            "its schema is made from the type; write it in place of `impl`",
        );
    } else if let Some(borrows) = ty::Borrows::of(value, false) {
        let what = format!("{named} must own its value");
        match (&borrows.reference, &borrows.lifetime) {
            (Some(reference), _) => {
                errors.at(
                    reference,
                    what,
                    format_args!("write `{}`", ty::owned(reference)),
                );
            }
            (None, lifetime) => errors.at(lifetime, what, "write a type that owns its data"),
        }
    } else {
        return true;
    }
    false
}
