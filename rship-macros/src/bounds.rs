//! `min`, `max` and `default` as the argument's type takes them.

use proc_macro2::{Group, Literal, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Expr, ExprCall, ExprLit, ExprUnary, Lit, Type, UnOp};

use crate::attr::Given;
use crate::errors::Errors;
use crate::ty;

/// The values that are allowed.
#[derive(Default)]
pub(crate) struct Bounds {
    min: Option<TokenStream>,
    max: Option<TokenStream>,
}

impl Bounds {
    /// The bounds of something of type `ty`; `of` names it.
    pub(crate) fn of(given: &Given, ty: &Type, of: &str, errors: &mut Errors) -> Self {
        let (min, max) = (given.expr("min"), given.expr("max"));
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
        Self {
            min: min.map(|bound| literal(bound, ty)),
            max: max.map(|bound| literal(bound, ty)),
        }
    }

    /// The builder calls, at the place of the type: a type without order is one message for both.
    pub(crate) fn calls(&self, place: Span) -> TokenStream {
        let min = self
            .min
            .iter()
            .map(|bound| quote_spanned!(place=> .min(#bound)));
        let max = self
            .max
            .iter()
            .map(|bound| quote_spanned!(place=> .max(#bound)));
        quote!(#(#min)* #(#max)*)
    }
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

fn float(expr: &Expr) -> Option<TokenStream> {
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

/// The number that a literal is.
fn number(expr: &Expr) -> Option<f64> {
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
        assert!(is_shown(&parse_quote!(Some(-1.5))) && is_shown(&parse_quote!("slow")));
        assert!(!is_shown(&parse_quote!(LIMIT)) && !is_shown(&parse_quote!(of(1))));
    }
}
