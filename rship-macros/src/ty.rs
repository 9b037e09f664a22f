//! What can be told of a type from how it is written.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::visit::{self, Visit};
use syn::{
    GenericArgument, Generics, Lifetime, PathArguments, Type, TypeImplTrait, TypePath,
    TypeReference, WherePredicate,
};

/// The type without the invisible groups that `macro_rules!` captures come in, and without parentheses.
pub(crate) fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => bare(&group.elem),
        Type::Paren(paren) => bare(&paren.elem),
        _ => ty,
    }
}

/// The last name of a type's path.
pub(crate) fn last_name(ty: &Type) -> Option<String> {
    match bare(ty) {
        Type::Path(path) => path
            .path
            .segments
            .last()
            .map(|segment| segment.ident.to_string()),
        _ => None,
    }
}

/// The `T` of `some::path::NAME<T>`.
pub(crate) fn only_argument<'t>(ty: &'t Type, name: &str) -> Option<&'t Type> {
    let Type::Path(path) = bare(ty) else {
        return None;
    };
    let segment = path.path.segments.last()?;
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return None;
    };
    match arguments.args.first()? {
        GenericArgument::Type(argument) if arguments.args.len() == 1 && segment.ident == name => {
            Some(argument)
        }
        _ => None,
    }
}

/// Whether the type is `f32`, `f64`, or an `Option` of one, shared or not.
pub(crate) fn is_float(ty: &Type) -> bool {
    let inner = |outer| only_argument(ty, outer);
    match ["Option", "Arc", "Mutex", "RwLock"]
        .into_iter()
        .find_map(inner)
    {
        Some(inner) => is_float(inner),
        None => matches!(last_name(ty).as_deref(), Some("f32" | "f64")),
    }
}

/// Whether the type is one of Rust's numbers, by its name.
pub(crate) fn is_number(ty: &Type) -> bool {
    let names = [
        "i8", "i16", "i32", "i64", "isize", "u8", "u16", "u32", "u64", "usize", "f32", "f64",
    ];
    last_name(ty).is_some_and(|name| names.contains(&name.as_str()))
}

/// Where the type borrows from something that does not live forever, or, with `all`, from anything.
pub(crate) struct Borrows {
    all: bool,
    pub(crate) reference: Option<TypeReference>,
    pub(crate) lifetime: Option<Lifetime>,
}

impl Borrows {
    pub(crate) fn of(ty: &Type, all: bool) -> Option<Self> {
        let mut borrows = Self {
            all,
            reference: None,
            lifetime: None,
        };
        borrows.visit_type(ty);
        (borrows.reference.is_some() || borrows.lifetime.is_some()).then_some(borrows)
    }
}

impl<'ast> Visit<'ast> for Borrows {
    fn visit_type_reference(&mut self, reference: &'ast TypeReference) {
        let forever = reference
            .lifetime
            .as_ref()
            .is_some_and(|lifetime| lifetime.ident == "static");
        if self.reference.is_none() && (self.all || !forever) {
            self.reference = Some(reference.clone());
        }
    }

    fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
        if self.lifetime.is_none() && lifetime.ident != "static" {
            self.lifetime = Some(lifetime.clone());
        }
    }

    // Their lifetimes are bound by themselves.
    fn visit_type_fn_ptr(&mut self, _: &'ast syn::TypeFnPtr) {}
}

/// The types inside of what an action returns that could be a `Result`, as an expression can name them;
/// without the error of a `Result` that is all of it.
pub(crate) fn parts(output: &Type) -> Vec<TokenStream> {
    let mut parts = Parts(Vec::new());
    match (bare(output), last_name(output).as_deref()) {
        (Type::Path(path), Some("Result")) => {
            let last = path.path.segments.last().map(|segment| &segment.arguments);
            if let Some(PathArguments::AngleBracketed(arguments)) = last
                && let Some(GenericArgument::Type(value)) = arguments.args.first()
            {
                parts.visit_type(value);
            }
        }
        (whole, _) => visit::visit_type(&mut parts, whole),
    }
    parts.0
}

struct Parts(Vec<TokenStream>);

impl<'ast> Visit<'ast> for Parts {
    fn visit_type(&mut self, ty: &'ast Type) {
        if let Type::Path(path) = ty
            && !is_plain(path)
            && impl_trait(ty).is_none()
        {
            self.0.push(without_lifetimes(ty.to_token_stream()));
        }
        visit::visit_type(self, ty);
    }

    // What they take and return is not answered.
    fn visit_type_fn_ptr(&mut self, _: &'ast syn::TypeFnPtr) {}
    fn visit_type_trait_object(&mut self, _: &'ast syn::TypeTraitObject) {}
    fn visit_type_impl_trait(&mut self, _: &'ast TypeImplTrait) {}
}

/// Whether the type is one that everybody knows.
fn is_plain(path: &syn::TypePath) -> bool {
    let names = ["bool", "char", "str", "String", "Value", "Self"];
    let only = path.path.get_ident();
    only.is_some_and(|only| names.iter().any(|name| only == name))
        || is_number(&Type::Path(path.clone()))
}

/// Lifetimes that are declared by the method have no meaning in its handler.
fn without_lifetimes(tokens: TokenStream) -> TokenStream {
    let mut after_tick = false;
    let anonymous = tokens.into_iter().map(|token| {
        let tick = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '\'');
        let token = match token {
            TokenTree::Ident(name) if after_tick && name != "static" => {
                Ident::new("_", name.span()).into()
            }
            TokenTree::Group(group) => {
                Group::new(group.delimiter(), without_lifetimes(group.stream())).into()
            }
            other => other,
        };
        after_tick = tick;
        token
    });
    anonymous.collect()
}

/// The type parameters that nothing is said of.
pub(crate) fn unbounded(generics: &Generics) -> Vec<&Ident> {
    let bounded_later = |param: &Ident| {
        let predicates = generics
            .where_clause
            .iter()
            .flat_map(|clause| &clause.predicates);
        predicates.into_iter().any(|predicate| match predicate {
            WherePredicate::Type(predicate) => match bare(&predicate.bounded_ty) {
                Type::Path(path) => path.path.is_ident(param),
                _ => false,
            },
            _ => false,
        })
    };
    let params = generics.type_params();
    let unbounded = params.filter(|param| param.bounds.is_empty() && !bounded_later(&param.ident));
    unbounded.map(|param| &param.ident).collect()
}

/// What to write in place of a borrowed type.
pub(crate) fn owned(reference: &TypeReference) -> String {
    owned_type(&reference.elem)
}

fn owned_type(ty: &Type) -> String {
    match bare(ty) {
        Type::Reference(reference) => owned_type(&reference.elem),
        Type::Slice(slice) => format!("Vec<{}>", owned_type(&slice.elem)),
        Type::Path(path) => match last_name(ty).as_deref() {
            Some("str") => "String".to_owned(),
            Some("Path") => "std::path::PathBuf".to_owned(),
            _ => with_owned_arguments(path),
        },
        other => text(other),
    }
}

fn with_owned_arguments(path: &TypePath) -> String {
    let arguments = path.path.segments.last().map(|last| &last.arguments);
    let Some(PathArguments::AngleBracketed(list)) = arguments else {
        return text(&Type::Path(path.clone()));
    };
    let types = list.args.iter().map(|argument| match argument {
        GenericArgument::Type(ty) => owned_type(ty),
        other => quote::quote!(#other).to_string(),
    });
    let types: Vec<String> = types.collect();
    let mut alone = path.clone();
    if let Some(last) = alone.path.segments.last_mut() {
        last.arguments = PathArguments::None;
    }
    format!("{}<{}>", text(&Type::Path(alone)), types.join(", "))
}

/// The first `impl Trait` in a type.
pub(crate) fn impl_trait(ty: &Type) -> Option<Span> {
    struct Find(Option<Span>);
    impl<'ast> Visit<'ast> for Find {
        fn visit_type_impl_trait(&mut self, found: &'ast TypeImplTrait) {
            self.0.get_or_insert(found.impl_token.span);
            visit::visit_type_impl_trait(self, found);
        }
    }
    let mut find = Find(None);
    find.visit_type(ty);
    find.0
}

/// The type as a person writes it.
pub(crate) fn text(ty: &Type) -> String {
    let spaced = quote::quote!(#ty).to_string();
    let mut text = String::with_capacity(spaced.len());
    let mut chars = spaced.chars().peekable();
    while let Some(c) = chars.next() {
        let after = chars.peek().copied().unwrap_or(' ');
        let before = text.chars().last().unwrap_or(' ');
        let glue = c == ' ' && (",<>:;])".contains(after) || "<:&([".contains(before));
        if !glue {
            text.push(c);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::parse_quote;

    #[test]
    fn an_emitter_is_known_by_its_last_name_and_one_argument() {
        let found = |ty: Type| only_argument(&ty, "Emitter").map(text);
        assert_eq!(
            found(parse_quote!(rship::Emitter<Vec<u8>>)).as_deref(),
            Some("Vec<u8>")
        );
        assert_eq!(found(parse_quote!((Emitter<u8>))).as_deref(), Some("u8"));
        assert_eq!(found(parse_quote!(Emitter)), None);
        assert_eq!(found(parse_quote!(Emitter<u8, u8>)), None);
        assert_eq!(found(parse_quote!(Option<Emitter<u8>>)), None);
    }

    #[test]
    fn floats_are_known_alone_and_in_an_option() {
        assert!(is_float(&parse_quote!(f64)) && is_float(&parse_quote!(Option<f32>)));
        assert!(!is_float(&parse_quote!(u32)) && !is_float(&parse_quote!(Vec<f64>)));
    }

    #[test]
    fn an_answer_is_looked_into_but_not_at_its_own_error() {
        let found = |ty: Type| {
            let parts = parts(&ty).into_iter();
            let parts = parts.map(|part| text(&syn::parse2(part).unwrap()));
            parts.collect::<Vec<_>>()
        };
        assert_eq!(
            found(parse_quote!(io::Result<Option<Seen<'a>>>)),
            ["Option<Seen<'_>>", "Seen<'_>"]
        );
        assert_eq!(found(parse_quote!(Result<u8, Failed>)), [""; 0]);
        assert_eq!(
            found(parse_quote!((Vec<Result<u8, ()>>, impl Serialize))),
            ["Vec<Result<u8, ()>>", "Result<u8, ()>"]
        );
    }

    #[test]
    fn borrowed_types_have_an_owned_form() {
        for (borrowed, owned_form) in [
            ("&str", "String"),
            ("&'a [u8]", "Vec<u8>"),
            ("&Path", "std::path::PathBuf"),
            ("&mut BTreeMap<String, u8>", "BTreeMap<String, u8>"),
            ("&[&str]", "Vec<String>"),
            (
                "&std::vec::Vec<Option<&'a Path>>",
                "std::vec::Vec<Option<std::path::PathBuf>>",
            ),
        ] {
            let reference: TypeReference = syn::parse_str(borrowed).unwrap();
            assert_eq!(owned(&reference), owned_form);
        }
    }

    #[test]
    fn what_lives_forever_is_borrowed_only_when_all_counts() {
        assert!(Borrows::of(&parse_quote!(&'static str), false).is_none());
        assert!(Borrows::of(&parse_quote!(&'static str), true).is_some());
        assert!(Borrows::of(&parse_quote!(Option<&str>), false).is_some());
        assert!(Borrows::of(&parse_quote!(Cow<'_, str>), false).is_some());
        assert!(Borrows::of(&parse_quote!(Cow<'static, str>), true).is_none());
    }
}
