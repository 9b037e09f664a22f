//! Checks the struct's attributes against each other and settles all names.

use std::time::Duration;

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::{GenericParam, Generics, LitStr, Type};

use crate::attr::Given;
use crate::blocks::Listed;
use crate::bounds::Bounds;
use crate::docs::Doc;
use crate::errors::Errors;
use crate::ids::{Names, Taken};
use crate::pace::Pace;
use crate::target::ast::{Parsed, ParsedField};
use crate::{names, paths, ty};

/// All that the expansion needs; without the members that have mistakes which the compiler would
/// report once more.
pub(crate) struct Target<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) generics: &'a Generics,
    /// Parameters that could be anything, which no target can have.
    pub(crate) unbounded: Vec<&'a Ident>,
    pub(crate) import: TokenStream,
    pub(crate) name: String,
    pub(crate) doc: Option<&'a Doc>,
    /// Builder methods that take one string, with that string.
    pub(crate) texts: Vec<(&'static str, LitStr)>,
    pub(crate) key: Option<(Ident, &'a Type)>,
    pub(crate) live_name: Option<LiveName<'a>>,
    /// What is said of its `#[actions]`.
    pub(crate) listed: Option<Listed<'a>>,
    pub(crate) members: Vec<Member<'a>>,
    /// The names of all attributes, each where it stands.
    pub(crate) attributes: Vec<&'a Ident>,
}

/// What a target is called at run time.
pub(crate) enum LiveName<'a> {
    Field(&'a Ident, &'a Type),
    /// A method of this name.
    Method(Ident),
}

pub(crate) struct Member<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) ty: &'a Type,
    pub(crate) kind: MemberKind,
}

pub(crate) enum MemberKind {
    Emitter(Box<State>, Option<Setter>),
    SubTarget {
        field: String,
        id: Option<LitStr>,
        name: Option<LitStr>,
        key: Option<Ident>,
        /// The function that describes members which cannot do so themselves.
        model: Option<syn::Path>,
        forget: bool,
    },
}

pub(crate) struct State {
    pub(crate) names: Names,
    pub(crate) pace: Pace,
    /// How often the clock looks at it, if it does.
    pub(crate) every: Option<Duration>,
    /// The function that makes of the field what is published.
    pub(crate) with: Option<syn::Path>,
}

impl State {
    /// Whether it has what only a value that stays can have.
    pub(crate) fn stays(&self) -> bool {
        self.every.is_some() || self.pace.is_given()
    }
}

pub(crate) struct Setter {
    pub(crate) names: Names,
    pub(crate) bounds: Bounds,
    /// The method that sets the field.
    pub(crate) set: Option<Ident>,
    /// Whether what is set is not kept over a restart.
    pub(crate) transient: bool,
}

pub(crate) fn check<'a>(parsed: &'a Parsed<'a>, errors: &mut Errors) -> Target<'a> {
    no_lifetimes(parsed, errors);
    let given = parsed.target.as_ref();
    let string = |key| given.and_then(|given| given.string(key));
    let mut taken = AllTaken {
        emitters: Taken::new("emitter", "emitter"),
        actions: Taken::new("action", "action"),
        sub_targets: Taken::new("sub-target", "target"),
    };
    Target {
        ident: parsed.ident,
        generics: parsed.generics,
        unbounded: unbounded(parsed, errors),
        import: paths::import(given),
        name: string("name").map_or_else(
            || names::sentence(&names::plain(parsed.ident)),
            LitStr::value,
        ),
        doc: parsed.doc.as_ref(),
        texts: ["category", "bg_color", "fg_color", "id"]
            .into_iter()
            .filter_map(|key| Some((key, string(key)?.clone())))
            .collect(),
        key: string("key").and_then(|key| own_key(parsed, key, errors)),
        live_name: string("name_field").and_then(|name| live_name(parsed, name, errors)),
        listed: Listed::of(given),
        members: parsed
            .fields
            .iter()
            .filter_map(|field| member(field, &mut taken, errors))
            .collect(),
        attributes: parsed.attributes().collect(),
    }
}

fn no_lifetimes(parsed: &Parsed<'_>, errors: &mut Errors) {
    for param in &parsed.generics.params {
        if let GenericParam::Lifetime(param) = param {
            errors.at(
                &param.lifetime,
                format_args!(
                    "target `{}` must not have the lifetime parameter `{}`",
                    parsed.ident, param.lifetime
                ),
                "the executor keeps targets for as long as it runs; own the data, such as with \
                 `String` or `Arc`",
            );
        }
    }
}

fn unbounded<'a>(parsed: &Parsed<'a>, errors: &mut Errors) -> Vec<&'a Ident> {
    let unbounded = ty::unbounded(parsed.generics);
    for param in &unbounded {
        errors.at(
            param,
            format_args!(
                "target `{}` must not hold just any `{param}`, because it is kept and may go to \
                 other threads",
                parsed.ident
            ),
            format_args!(
                "write `{param}: Send + 'static`, and `{param}: Serialize + JsonSchema + Send + \
                 'static` if an emitter has it"
            ),
        );
    }
    unbounded
}

fn own_key<'a>(
    parsed: &Parsed<'a>,
    key: &LitStr,
    errors: &mut Errors,
) -> Option<(Ident, &'a Type)> {
    let text = key.value();
    let plain = |field: &&ParsedField<'_>| names::plain(field.ident);
    if let Some(field) = parsed
        .fields
        .iter()
        .find(|field| plain(field) == text.trim_start_matches('_'))
    {
        return Some((field.ident.clone(), field.ty));
    }
    let fields: Vec<String> = parsed.fields.iter().map(|field| plain(&field)).collect();
    let note = match names::nearest(&text, fields.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "name the field that tells targets of this type apart in an array".to_owned(),
    };
    errors.at(
        key,
        format_args!("struct `{}` has no field `{text}`", parsed.ident),
        note,
    );
    None
}

/// The field of this name, or else a method, which the compiler looks for.
fn live_name<'a>(parsed: &Parsed<'a>, name: &LitStr, errors: &mut Errors) -> Option<LiveName<'a>> {
    let text = name.value();
    let plain = text.trim_start_matches("r#").trim_start_matches('_');
    let mut fields = parsed.fields.iter();
    if let Some(field) = fields.find(|field| names::plain(field.ident) == plain) {
        return Some(LiveName::Field(field.ident, field.ty));
    }
    match name.parse() {
        Ok(method) => Some(LiveName::Method(method)),
        Err(_) => {
            errors.at(
                name,
                format_args!("`{text}` is not the name of a field or a method"),
                "name the field with the target's name, or a method `fn(&self) -> String`",
            );
            None
        }
    }
}

struct AllTaken {
    emitters: Taken,
    actions: Taken,
    sub_targets: Taken,
}

fn member<'a>(
    field: &'a ParsedField<'a>,
    taken: &mut AllTaken,
    errors: &mut Errors,
) -> Option<Member<'a>> {
    let kind = match (&field.emitter, &field.target) {
        (Some(_), Some(target)) => {
            errors.at(
                target,
                format_args!(
                    "field `{}` is both an emitter and a sub-target",
                    field.ident
                ),
                "keep one of `#[emitter]` and `#[target]`",
            );
            return None;
        }
        (Some(emitter), None) => self::emitter(field, emitter, taken, errors)?,
        (None, Some(target)) => {
            no_action(
                field,
                "is a sub-target",
                "mark the sub-target's own fields",
                errors,
            );
            sub_target(field, target, taken, errors)?
        }
        (None, None) => {
            no_action(
                field,
                "is not an emitter",
                "add `#[emitter]`, which publishes the value",
                errors,
            );
            return None;
        }
    };
    Some(Member {
        ident: field.ident,
        ty: field.ty,
        kind,
    })
}

fn no_action(field: &ParsedField<'_>, is: &str, note: &str, errors: &mut Errors) {
    if let Some(action) = &field.action {
        errors.at(
            action,
            format_args!(
                "field `{}` {is}, so it cannot have `#[action]`",
                field.ident
            ),
            format_args!("{note}, or remove `#[action]`"),
        );
    }
}

fn emitter(
    field: &ParsedField<'_>,
    given: &Given,
    taken: &mut AllTaken,
    errors: &mut Errors,
) -> Option<MemberKind> {
    let rust_name = names::plain(field.ident);
    let names = Names::of(given, &rust_name, field.doc.as_ref());
    taken.emitters.take(&names.id, field.ident, given, errors);
    let of = format!("field `{rust_name}`");
    let state = State {
        names,
        pace: Pace::of(given, &of, errors),
        every: given.duration("every"),
        with: given
            .string("with")
            .and_then(|function| path(function, "fn(&Field) -> Value", errors)),
    };
    let setter = field.action.as_ref().map(|given| {
        let setter = Names::of(given, &format!("set_{rust_name}"), field.doc.as_ref());
        taken.actions.take(&setter.id, field.ident, given, errors);
        let set = given.string("set").and_then(|name| method(name, errors));
        if state.with.is_some() && !given.has("set") {
            errors.at(
                given,
                format_args!("{of} is published by `with`, so `#[action]` cannot set it"),
                "name a method that takes what `with` returns: `#[action(set = \"method\")]`",
            );
        }
        Setter {
            names: setter,
            // What is set is what is published, which `with` makes of the field.
            bounds: Bounds::of(given, state.with.is_none().then_some(field.ty), &of, errors),
            set,
            transient: given.has("transient"),
        }
    });
    // Reported already, and the type of the field would raise a message of its own.
    let setter = setter.filter(|setter| state.with.is_none() || setter.set.is_some());
    // Without its function, the type of the field would raise a message of its own.
    let is_known = state.with.is_some() || !given.has("with");
    is_known.then_some(MemberKind::Emitter(Box::new(state), setter))
}

fn method(name: &LitStr, errors: &mut Errors) -> Option<Ident> {
    let method = name.parse::<Ident>();
    if method.is_err() {
        errors.at(
            name,
            format_args!("`{}` is not the name of a method", name.value()),
            "write the name alone, of a method of this struct",
        );
    }
    method.ok()
}

fn path(function: &LitStr, form: &str, errors: &mut Errors) -> Option<syn::Path> {
    let path = function.parse::<syn::Path>();
    if path.is_err() {
        errors.at(
            function,
            format_args!("`{}` is not the path of a function", function.value()),
            format_args!("write such as `module::function`, of an `{form}`"),
        );
    }
    path.ok()
}

fn sub_target(
    field: &ParsedField<'_>,
    given: &Given,
    taken: &mut AllTaken,
    errors: &mut Errors,
) -> Option<MemberKind> {
    let holds = holds_sub_targets(field, errors);
    let own = names::kebab(&names::plain(field.ident));
    let id = given.string("id").cloned();
    // A whole id and `PARENT.FIELD` never meet, so the two kinds are told apart by the dot.
    let claim = id.as_ref().map_or_else(|| format!(".{own}"), LitStr::value);
    taken.sub_targets.take(&claim, field.ident, given, errors);
    let model = given.string("model").and_then(|function| {
        let form = "fn() -> Result<Arc<Model<Member>>, ModelError>";
        path(function, form, errors)
    });
    // Without its function, the type of the field would raise a message of its own.
    let is_known = model.is_some() || !given.has("model");
    let kind = MemberKind::SubTarget {
        field: own,
        id,
        name: given.string("name").cloned(),
        key: given
            .string("key")
            .and_then(|key| member_key(field, key, errors)),
        model,
        forget: given.has("forget"),
    };
    (holds && is_known).then_some(kind)
}

/// Refuses the containers that people try; what else holds no sub-targets, the compiler finds.
fn holds_sub_targets(field: &ParsedField<'_>, errors: &mut Errors) -> bool {
    let (name, note) = match ty::bare(field.ty) {
        Type::Array(_) => ("an array", "write `Vec<T>`"),
        Type::Tuple(_) => ("a tuple", "write one field for each"),
        _ if ty::only_argument(field.ty, "Arc").is_some_and(|inner| {
            !matches!(ty::last_name(inner).as_deref(), Some("Mutex" | "RwLock"))
        }) =>
        {
            (
                "an `Arc` without a lock",
                "write `T` itself, or `Arc<Mutex<T>>` where others hold it, too",
            )
        }
        _ => match ty::last_name(field.ty).as_deref() {
            Some("IndexMap") => ("such a map", "write `BTreeMap<K, T>` or `HashMap<K, T>`"),
            Some("VecDeque" | "LinkedList" | "HashSet" | "BTreeSet") => {
                ("such a collection", "write `Vec<T>`")
            }
            Some("Rc" | "Mutex" | "RwLock" | "RefCell") => (
                "a shared value",
                "write `T` itself, or `Arc<Mutex<T>>` where others hold it, too",
            ),
            _ => return true,
        },
    };
    errors.at(
        field.ty,
        format_args!("field `{}` cannot hold sub-targets in {name}", field.ident),
        note,
    );
    false
}

fn member_key(field: &ParsedField<'_>, key: &LitStr, errors: &mut Errors) -> Option<Ident> {
    if let Some(shape @ ("Option" | "BTreeMap" | "HashMap")) = ty::last_name(field.ty).as_deref() {
        let note = match shape {
            "Option" => "an `Option` holds one at most; remove `key`",
            _ => "a map has its own keys; remove `key`",
        };
        errors.at(
            key,
            format_args!(
                "field `{}` is not a `Vec`, so it cannot have a `key`",
                field.ident
            ),
            note,
        );
        return None;
    }
    if let Ok(ident) = key.parse_with(syn::ext::IdentExt::parse_any)
        && let Some(ident) = names::field(&ident)
    {
        return Some(ident);
    }
    errors.at(
        key.to_token_stream(),
        format_args!("`{}` is not the name of a field", key.value()),
        "name the field of the members that tells them apart",
    );
    None
}
