//! `min`, `max` and `default` as the argument's type takes them.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Expr, ExprCall, ExprLit, ExprUnary, Lit, Type, UnOp};

use crate::attr::Given;
use crate::errors::Errors;
use crate::ty;

/// The values that are allowed.
#[derive(Default)]
pub(crate) struct Bounds {
    min: Option<Bound>,
    max: Option<Bound>,
}

struct Bound {
    value: TokenStream,
    /// Whether it is a whole number for a type that is not known here.
    whole: bool,
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
        let bound = |expr| match ty {
            Some(ty) => Bound {
                value: literal(expr, ty),
                whole: false,
            },
            None => Bound {
                value: expr.to_token_stream(),
                whole: float(expr).is_some(),
            },
        };
        Self {
            min: min.map(bound),
            max: max.map(bound),
        }
    }

    /// The builder calls, at the place of the type: a type without order is one message for both.
    pub(crate) fn calls(&self, place: Span) -> TokenStream {
        let call = |bound: &Bound, known: &str, whole: &str| {
            let method = Ident::new(if bound.whole { whole } else { known }, place);
            let value = &bound.value;
            quote_spanned!(place=> .#method(#value))
        };
        let min = self.min.iter().map(|min| call(min, "min", "min_whole"));
        let max = self.max.iter().map(|max| call(max, "max", "max_whole"));
        quote!(#(#min)* #(#max)*)
    }
}

/// The expression; a whole number becomes one with a fraction where the type wants that.
pub(crate) fn literal(expr: &Expr, ty: &Type) -> TokenStream {
    if ty::is_float(ty) {
        float(expr).unwrap_or_else(|| expr.to_token_stream())
    } else {
        expr.to_token_stream()
    }
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
        Some(expr) => shown(expr).and_then(number),
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

/// The literal that the expression is, alone or in `Some`, so that the schema can show it.
pub(crate) fn shown(expr: &Expr) -> Option<&Expr> {
    match expr {
        Expr::Group(group) => shown(&group.expr),
        Expr::Unary(ExprUnary {
            op: UnOp::Neg(_),
            expr: inner,
            ..
        }) => number(inner).is_some().then_some(expr),
        Expr::Lit(ExprLit { lit, .. }) => matches!(
            lit,
            Lit::Str(_) | Lit::Int(_) | Lit::Float(_) | Lit::Bool(_) | Lit::Char(_)
        )
        .then_some(expr),
        Expr::Call(ExprCall { func, args, .. }) => match (&**func, args.first()) {
            (Expr::Path(path), Some(inner)) if path.path.is_ident("Some") => shown(inner),
            _ => None,
        },
        _ => None,
    }
}

/// Whether the expression is a string literal.
pub(crate) fn is_text(expr: &Expr) -> bool {
    match expr {
        Expr::Group(group) => is_text(&group.expr),
        Expr::Lit(ExprLit {
            lit: Lit::Str(_), ..
        }) => true,
        _ => false,
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
        let shown = |expr: Expr| super::shown(&expr).map(|shown| quote!(#shown).to_string());
        assert_eq!(shown(parse_quote!(Some(-1.5))).as_deref(), Some("- 1.5"));
        assert_eq!(shown(parse_quote!("slow")).as_deref(), Some("\"slow\""));
        assert_eq!(shown(parse_quote!(LIMIT)), None);
    }
}
