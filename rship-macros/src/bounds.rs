//! `min`, `max`, `choices` and `default` as the argument's type takes them.

use proc_macro2::{Group, Ident, Literal, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Expr, ExprCall, ExprLit, ExprUnary, Lit, LitStr, Type, UnOp};

use crate::attr::Given;
use crate::errors::Errors;
use crate::ty;

/// The values that are allowed.
#[derive(Default)]
pub(crate) struct Bounds {
    min: Option<Bound>,
    max: Option<Bound>,
    choices: Option<Ident>,
}

enum Bound {
    Fixed {
        value: TokenStream,
        /// Whether it is a whole number for a type that is not known here.
        whole: bool,
    },
    /// The method that says it when the device runs.
    Live(Ident),
}

impl Bounds {
    /// The bounds of something of type `ty`, or of a type that only the compiler knows; `of` names it.
    pub(crate) fn of(given: &Given, ty: Option<&Type>, of: &str, errors: &mut Errors) -> Self {
        let (min, max) = (given.expr("min"), given.expr("max"));
        for (key, bound) in [("min", min), ("max", max)] {
            if let Some(bound) = bound.filter(|bound| is_not_finite(bound)) {
                errors.at(
                    bound,
                    format_args!("{of} has a `{key}` that is not a finite number"),
                    format_args!("no server can check it; remove `{key}`, or write a number"),
                );
            }
        }
        if let (Some(min), Some(max)) = (min, max)
            && let (Some(low), Some(high)) = (number(min), number(max))
            && low > high
        {
            errors.at(
                max,
                format_args!("{of} has a `min` of {low} above its `max` of {high}"),
                "no value would be allowed; exchange them",
            );
        }
        let fixed = |expr| match ty {
            Some(ty) => Bound::Fixed {
                value: literal(expr, ty),
                whole: false,
            },
            None => Bound::Fixed {
                value: expr.to_token_stream(),
                whole: float(expr).is_some(),
            },
        };
        let mut bound = |expr| match text(expr) {
            Some(name) => method(name, of, errors).map(Bound::Live),
            None => Some(fixed(expr)),
        };
        let (min, max) = (min.and_then(&mut bound), max.and_then(&mut bound));
        Self {
            min,
            max,
            choices: given
                .string("choices")
                .and_then(|name| method(name, of, errors)),
        }
    }

    /// The builder calls, at the place of the type: a type without order is one message for both.
    pub(crate) fn calls(&self, place: Span) -> TokenStream {
        let call = |bound: &Bound, key: &str| match bound {
            Bound::Fixed { value, whole } => {
                let method = if *whole {
                    format!("{key}_whole")
                } else {
                    key.to_owned()
                };
                let method = Ident::new(&method, place);
                quote_spanned!(place=> .#method(#value))
            }
            Bound::Live(method) => {
                let asked = asked(method, quote!(Limit));
                let method = Ident::new(&format!("{key}_by"), place);
                quote_spanned!(place=> .#method(#asked))
            }
        };
        let min = self.min.iter().map(|min| call(min, "min"));
        let max = self.max.iter().map(|max| call(max, "max"));
        let choices = self.choices.iter().map(|method| {
            let asked = asked(method, quote!(Choices));
            quote_spanned!(place=> .choices_by(#asked))
        });
        quote!(#(#min)* #(#max)* #(#choices)*)
    }
}

/// Asks the target; what is wrong with the method is a message at its name.
fn asked(method: &Ident, says: TokenStream) -> TokenStream {
    let place = Span::call_site().located_at(method.span());
    quote_spanned! {place=>
        |__rship_target: &Self| __rship::#says::of(Self::#method(__rship_target))
    }
}

/// The method that a string names.
fn method(name: &LitStr, of: &str, errors: &mut Errors) -> Option<Ident> {
    let ident = name.parse::<Ident>().ok();
    if ident.is_none() {
        errors.at(
            name,
            format_args!(
                "{of} names the method `{}`, which cannot be one",
                name.value()
            ),
            "name a method of the target, `fn(&self)`; numbers are written without quotes",
        );
    }
    ident
}

/// The expression; a whole number becomes one with a fraction where the type wants that.
pub(crate) fn literal(expr: &Expr, ty: &Type) -> TokenStream {
    let tokens = ty::is_float(ty).then(|| float(expr)).flatten();
    let tokens = tokens.unwrap_or_else(|| expr.to_token_stream());
    if is_shown(expr) {
        with_known_types(tokens)
    } else {
        tokens
    }
}

/// Literals whose type is given by what surrounds them in the expansion, so that no lint asks for it.
fn with_known_types(tokens: TokenStream) -> TokenStream {
    let located = tokens.into_iter().map(|token| match token {
        TokenTree::Literal(mut literal) => {
            literal.set_span(Span::call_site().located_at(literal.span()));
            literal.into()
        }
        TokenTree::Group(group) => {
            let mut inner = Group::new(group.delimiter(), with_known_types(group.stream()));
            inner.set_span(group.span());
            inner.into()
        }
        other => other,
    });
    located.collect()
}

/// A whole number as one with a fraction.
pub(crate) fn float(expr: &Expr) -> Option<TokenStream> {
    match expr {
        Expr::Group(group) => float(&group.expr),
        Expr::Unary(ExprUnary {
            op: UnOp::Neg(minus),
            expr,
            ..
        }) => {
            let number = float(expr)?;
            Some(quote!(#minus #number))
        }
        Expr::Lit(ExprLit {
            lit: Lit::Int(int), ..
        }) if int.suffix().is_empty() => {
            let mut literal = Literal::f64_unsuffixed(int.base10_parse().ok()?);
            literal.set_span(int.span());
            Some(literal.to_token_stream())
        }
        _ => None,
    }
}

/// Whether the expression is one of the constants for what no number is.
fn is_not_finite(expr: &Expr) -> bool {
    match expr {
        Expr::Group(group) => is_not_finite(&group.expr),
        Expr::Paren(paren) => is_not_finite(&paren.expr),
        Expr::Unary(ExprUnary { expr, .. }) => is_not_finite(expr),
        Expr::Path(path) => path.path.segments.last().is_some_and(|last| {
            let names = ["NAN", "INFINITY", "NEG_INFINITY"];
            names.iter().any(|name| last.ident == name)
        }),
        _ => number(expr).is_some_and(|number| !number.is_finite()),
    }
}

/// Refuses a default that is outside of the bounds, as far as all are literals.
pub(crate) fn holds_default(given: &Given, ty: &Type, of: &str, errors: &mut Errors) {
    let literal = |key| given.expr(key).and_then(number);
    let Some(place) = given.name_of("default") else {
        return;
    };
    let expr = given.expr("default");
    let default = match expr {
        Some(expr) => number(expr),
        // That is `Default::default()`.
        None => ty::is_number(ty).then_some(0.0),
    };
    let Some(default) = default else { return };
    let (min, max) = (literal("min"), literal("max"));
    if min.is_some_and(|min| default < min) || max.is_some_and(|max| default > max) {
        let tokens = expr.map_or_else(|| place.to_token_stream(), ToTokens::to_token_stream);
        errors.at(
            tokens,
            format_args!(
                "{of} has a default of {default}, which is outside of its `min` and `max`"
            ),
            "write one that is between them",
        );
    }
}

/// The number that a literal is.
pub(crate) fn number(expr: &Expr) -> Option<f64> {
    match expr {
        Expr::Group(group) => number(&group.expr),
        Expr::Paren(paren) => number(&paren.expr),
        Expr::Unary(ExprUnary {
            op: UnOp::Neg(_),
            expr,
            ..
        }) => number(expr).map(|number| -number),
        Expr::Lit(ExprLit {
            lit: Lit::Int(int), ..
        }) => int.base10_parse().ok(),
        Expr::Lit(ExprLit {
            lit: Lit::Float(float),
            ..
        }) => float.base10_parse().ok(),
        _ => None,
    }
}

/// Whether the expression is a literal, alone or in `Some`, so that the schema can show it.
pub(crate) fn is_shown(expr: &Expr) -> bool {
    match expr {
        Expr::Group(group) => is_shown(&group.expr),
        Expr::Unary(ExprUnary {
            op: UnOp::Neg(_),
            expr,
            ..
        }) => number(expr).is_some(),
        Expr::Lit(ExprLit { lit, .. }) => matches!(
            lit,
            Lit::Str(_) | Lit::Int(_) | Lit::Float(_) | Lit::Bool(_) | Lit::Char(_)
        ),
        Expr::Call(ExprCall { func, args, .. }) => match (&**func, args.first()) {
            (Expr::Path(path), Some(inner)) => path.path.is_ident("Some") && is_shown(inner),
            _ => false,
        },
        _ => false,
    }
}

/// The string literal that the expression is.
pub(crate) fn text(expr: &Expr) -> Option<&LitStr> {
    match expr {
        Expr::Group(group) => text(&group.expr),
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::parse_quote;

    #[test]
    fn whole_numbers_become_fractions_for_floats_only() {
        let shown = |expr: Expr, ty: Type| literal(&expr, &ty).to_string();
        assert_eq!(
            shown(parse_quote!(-12), parse_quote!(Option<f32>)),
            "- 12.0"
        );
        assert_eq!(shown(parse_quote!(0x10), parse_quote!(f64)), "16.0");
        assert_eq!(shown(parse_quote!(12), parse_quote!(u8)), "12");
        assert_eq!(shown(parse_quote!(MAX), parse_quote!(f64)), "MAX");
        assert_eq!(shown(parse_quote!(1f32), parse_quote!(f32)), "1f32");
    }

    #[test]
    fn a_schema_shows_defaults_that_are_literals() {
        assert!(is_shown(&parse_quote!(Some(-1.5))) && is_shown(&parse_quote!("slow")));
        assert!(!is_shown(&parse_quote!(LIMIT)) && !is_shown(&parse_quote!(of(1))));
    }
}
