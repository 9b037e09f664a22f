//! What can be told of a type from how it is written.

use proc_macro2::{Ident, Span};
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

/// Whether the type is `f32`, `f64`, or an `Option` of one.
pub(crate) fn is_float(ty: &Type) -> bool {
    let number = only_argument(ty, "Option").unwrap_or(ty);
    matches!(last_name(number).as_deref(), Some("f32" | "f64"))
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
