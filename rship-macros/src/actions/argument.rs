//! The arguments of an action.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Attribute, Pat, PatIdent, PatType, Type};

use crate::actions::signature::Named;
use crate::attr::Given;
use crate::bounds::{self, Bounds};
use crate::docs::Doc;
use crate::errors::Errors;
use crate::paths::Ours;
use crate::{grammar, names, ty};

pub(crate) struct Argument<'a> {
    /// Its name in the payload.
    pub(crate) name: String,
    pub(crate) ty: &'a Type,
    pub(crate) doc: Option<Doc>,
    pub(crate) bounds: Bounds,
    /// The builder calls for its default.
    pub(crate) default: Option<TokenStream>,
    pub(crate) label: Option<String>,
    pub(crate) section: Option<String>,
    pub(crate) flatten: bool,
}

/// The arguments of one action; what is wrong with one does not hide what is wrong with the next.
pub(crate) fn all<'a>(
    inputs: &[&'a PatType],
    named: &Named<'_>,
    ours: &Ours,
    errors: &mut Errors,
) -> Vec<Argument<'a>> {
    let mut taken: Vec<String> = Vec::new();
    let mut flattened: Option<String> = None;
    let mut arguments = Vec::new();
    for input in inputs {
        let Some((argument, given)) = argument(input, named, ours, errors) else {
            continue;
        };
        if argument.flatten {
            if let Some(first) = &flattened {
                errors.at(
                    given.as_ref().and_then(|given| given.name_of("flatten")),
                    format_args!(
                        "argument `{}` of {named} is flattened, and `{first}` is already",
                        argument.name
                    ),
                    "one argument may be; put the fields of both into one struct",
                );
            }
            flattened.get_or_insert(argument.name.clone());
        } else if taken.contains(&argument.name) {
            errors.at(
                place(input, given.as_ref()),
                format_args!("{named} has two arguments named `{}`", argument.name),
                "give one of them another: `#[arg(name = \"..\")]`",
            );
        } else {
            taken.push(argument.name.clone());
        }
        arguments.push(argument);
    }
    arguments
}

/// Refuses `#[arg]` where it says nothing.
pub(crate) fn none(attrs: &[Attribute], named: &Named<'_>, ours: &Ours, errors: &mut Errors) {
    for attr in attrs.iter().filter(|attr| ours.is(attr.path(), "arg")) {
        errors.at(
            attr.path(),
            format_args!("`#[arg]` must not be on the receiver of {named}"),
            "it is for the arguments that come with a call; remove it",
        );
    }
}

fn place(input: &PatType, given: Option<&Given>) -> TokenStream {
    match given.and_then(|given| given.string("name")) {
        Some(name) => name.to_token_stream(),
        None => input.pat.to_token_stream(),
    }
}

fn argument<'a>(
    input: &'a PatType,
    named: &Named<'_>,
    ours: &Ours,
    errors: &mut Errors,
) -> Option<(Argument<'a>, Option<Given>)> {
    let mut given = None;
    for attr in input
        .attrs
        .iter()
        .filter(|attr| ours.is(attr.path(), "arg"))
    {
        Given::add(&mut given, &grammar::ARGUMENT, &attr.meta, errors);
    }
    let ident = name(&input.pat, named, errors);
    let shown = ident.map_or_else(|| "..".to_owned(), names::plain);
    let usable = type_is_usable(&input.ty, &shown, named, errors);
    let of = format!("argument `{shown}` of {named}");
    let bounds = match &given {
        Some(given) if given.has("flatten") => {
            flatten_stands_alone(given, &of, errors);
            Bounds::default()
        }
        Some(given) => {
            bounds::holds_default(given, &input.ty, &of, errors);
            Bounds::of(given, Some(&input.ty), &of, errors)
        }
        None => Bounds::default(),
    };
    let ident = ident.filter(|_| usable)?;
    let string = |key| {
        given
            .as_ref()
            .and_then(|given| given.string(key))
            .map(syn::LitStr::value)
    };
    if let Some(name) = given.as_ref().and_then(|given| given.string("name"))
        && name.value().is_empty()
    {
        errors.at(
            name,
            format_args!("{of} has an empty name"),
            "remove `name`, or write one",
        );
    }
    let argument = Argument {
        name: string("name").unwrap_or_else(|| names::plain(ident)),
        ty: &input.ty,
        doc: match string("unit") {
            Some(unit) => Some(Doc::with_unit(Doc::of(&input.attrs), &unit)),
            None => Doc::of(&input.attrs),
        },
        bounds,
        default: default(given.as_ref(), &input.ty),
        label: string("label"),
        section: string("section"),
        flatten: given.as_ref().is_some_and(|given| given.has("flatten")),
    };
    Some((argument, given))
}

fn name<'a>(pat: &'a Pat, named: &Named<'_>, errors: &mut Errors) -> Option<&'a Ident> {
    match pat {
        Pat::Ident(PatIdent {
            by_ref: None,
            subpat: None,
            ident,
            ..
        }) if !names::plain(ident).is_empty() => Some(ident),
        other => {
            errors.at(
                other,
                format_args!("an argument of {named} is a pattern, so it has no name"),
                "write a name such as `value`, and take it apart in the body",
            );
            None
        }
    }
}

fn type_is_usable(ty: &Type, name: &str, named: &Named<'_>, errors: &mut Errors) -> bool {
    // A type of the user's may have that name, but none of them is sent with its own target in it.
    if ty::only_argument(ty, "Handle")
        .is_some_and(|of| ty::last_name(of).as_deref() == Some("Self"))
    {
        errors.at(
            ty,
            format_args!("argument `{name}` of {named} is a handle, which no server can send"),
            "a handle stands in place of the receiver: `this: Handle<Self>` as the first argument",
        );
        return false;
    }
    if ty::impl_trait(ty).is_some() {
        errors.at(
            ty,
            format_args!("argument `{name}` of {named} has no type of its own"),
            "a server cannot choose a type; write the type that you need",
        );
        return false;
    }
    let Some(borrows) = ty::Borrows::of(ty, true) else {
        return true;
    };
    let what =
        format!("argument `{name}` of {named} is borrowed, and nothing keeps what it borrows");
    match (&borrows.reference, &borrows.lifetime) {
        (Some(reference), _) => errors.at(
            reference,
            what,
            format_args!("write `{}`", ty::owned(reference)),
        ),
        (None, lifetime) => errors.at(
            lifetime,
            what,
            "write `'static`, or a type that owns its data",
        ),
    }
    false
}

fn flatten_stands_alone(given: &Given, of: &str, errors: &mut Errors) {
    for key in ["name", "min", "max", "choices", "default", "unit", "label"] {
        if let Some(place) = given.name_of(key) {
            errors.at(
                place,
                format_args!("{of} is flattened, so it cannot have `{key}`"),
                "its fields are the arguments; say it on them, or remove `flatten`",
            );
        }
    }
}

fn default(given: Option<&Given>, ty: &Type) -> Option<TokenStream> {
    let given = given.filter(|given| given.has("default"))?;
    let Some(expr) = given.expr("default") else {
        let place = proc_macro2::Span::call_site().located_at(ty.span());
        return Some(quote_spanned!(place=> .default(<#ty as ::core::default::Default>::default)));
    };
    // A literal is borrowed text, and nobody means to write `.to_owned()` in an attribute.
    if bounds::text(expr).is_some() {
        return Some(quote!(.default_text(#expr)));
    }
    let value = bounds::literal(expr, ty);
    let shown = bounds::is_shown(expr).then(|| quote!(.show_default()));
    Some(quote!(.default(|| #value) #shown))
}
