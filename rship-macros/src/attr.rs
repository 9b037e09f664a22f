//! Reads the arguments of attributes against their grammar, going on after each mistake.

use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser};
use syn::{Expr, ExprLit, Lit, LitStr, Meta, Path, Token, token};

use crate::blocks;
use crate::errors::Errors;
use crate::grammar::{Grammar, Key, Kind};
use crate::names;
use crate::pace;

/// The arguments that one item was given under one attribute; several of the same name add up.
pub(crate) struct Given {
    /// Where the attribute was written first.
    pub(crate) attribute: Path,
    /// Wherever it was written.
    pub(crate) places: Vec<Path>,
    entries: Vec<Entry>,
}

struct Entry {
    name: Ident,
    value: Value,
}

enum Value {
    Nothing,
    String(LitStr),
    Strings(Vec<LitStr>),
    Duration(Duration),
    Path(Path),
    Expr(Expr),
    /// Reported already; the argument still counts as given.
    Wrong,
}

impl Given {
    fn new(attribute: Path) -> Self {
        Self {
            attribute,
            places: Vec::new(),
            entries: Vec::new(),
        }
    }

    /// Reads the arguments of an attribute macro itself.
    pub(crate) fn of_macro(grammar: &Grammar, arguments: TokenStream, errors: &mut Errors) -> Self {
        let mut given = Self::new(Ident::new(grammar.attribute, Span::call_site()).into());
        given.read(grammar, arguments, errors);
        given
    }

    /// Adds the arguments in `meta` to what `given` has.
    pub(crate) fn add(
        given: &mut Option<Self>,
        grammar: &Grammar,
        meta: &Meta,
        errors: &mut Errors,
    ) {
        let given = given.get_or_insert_with(|| Self::new(meta.path().clone()));
        given.places.push(meta.path().clone());
        match meta {
            Meta::Path(_) => {}
            Meta::List(list) => given.read(grammar, list.tokens.clone(), errors),
            Meta::NameValue(_) => errors.at(
                meta,
                format_args!("`#[{}]` takes no value of its own", grammar.attribute),
                format_args!(
                    "write its arguments in parentheses: `#[{}(..)]`",
                    grammar.attribute
                ),
            ),
        }
    }

    fn read(&mut self, grammar: &Grammar, arguments: TokenStream, errors: &mut Errors) {
        let parser = |input: ParseStream<'_>| {
            while !input.is_empty() {
                if let Err(error) = self.entry(grammar, input, errors) {
                    errors.push(error);
                    // The rest of a broken argument would only raise further messages.
                    while !input.is_empty() && !input.peek(Token![,]) {
                        input.parse::<TokenTree>()?;
                    }
                }
                if !input.is_empty() && input.parse::<Option<Token![,]>>()?.is_none() {
                    comma_is_missing(input, errors)?;
                }
            }
            Ok(())
        };
        if let Err(error) = parser.parse2(arguments) {
            errors.push(error);
        }
    }

    fn entry(
        &mut self,
        grammar: &Grammar,
        input: ParseStream<'_>,
        errors: &mut Errors,
    ) -> syn::Result<()> {
        if !input.peek(Ident::peek_any) {
            let wrong: TokenTree = input.parse()?;
            let attribute = grammar.attribute;
            let note = match grammar.keys.first() {
                Some(key) => format!(
                    "write it as `#[{attribute}({})]`",
                    key.kind.form(key.name).trim_matches('`')
                ),
                None => "remove it".to_owned(),
            };
            errors.at(
                wrong,
                format_args!(
                    "an argument of `#[{attribute}]` begins with its name, {}",
                    grammar.expected()
                ),
                note,
            );
            return skip(input);
        }
        let name = input.call(Ident::parse_any)?;
        let text = name.unraw().to_string();
        let Some(key) = grammar.key(&text) else {
            errors.at(
                &name,
                format_args!("unknown argument `{text}`, {}", grammar.expected()),
                unknown(grammar, &text),
            );
            return skip(input);
        };
        if self.entry_of(key.name).is_some() {
            errors.at(
                &name,
                format_args!("argument `{text}` is given twice"),
                "remove one of them",
            );
            return skip(input);
        }
        let value = match self.value(key, &name, input, errors) {
            Ok(value) => value,
            Err(error) => {
                self.entries.push(Entry {
                    name,
                    value: Value::Wrong,
                });
                return Err(error);
            }
        };
        self.entries.push(Entry { name, value });
        Ok(())
    }

    fn value(
        &self,
        key: &Key,
        name: &Ident,
        input: ParseStream<'_>,
        errors: &mut Errors,
    ) -> syn::Result<Value> {
        let form = key.kind.form(key.name);
        if key.kind == Kind::FlagOrStrings && !input.peek(Token![=]) {
            if input.peek(token::Paren) {
                let names = blocks::names(input, errors)?;
                return Ok(names.map_or(Value::Wrong, Value::Strings));
            }
            if input.is_empty() || input.peek(Token![,]) {
                return Ok(Value::Strings(Vec::new()));
            }
        }
        if !input.peek(Token![=]) {
            if matches!(key.kind, Kind::Flag | Kind::FlagOrExpr)
                && (input.is_empty() || input.peek(Token![,]))
            {
                return Ok(Value::Nothing);
            }
            let what = match key.kind {
                Kind::Flag => "takes no value",
                _ => "needs a value",
            };
            errors.at(
                name,
                format_args!("argument `{}` {what}", key.name),
                format_args!("write {form}"),
            );
            skip(input)?;
            return Ok(Value::Wrong);
        }
        input.parse::<Token![=]>()?;
        if input.is_empty() || input.peek(Token![,]) {
            errors.at(
                name,
                format_args!("argument `{}` needs a value", key.name),
                format_args!("write {form}"),
            );
            return Ok(Value::Wrong);
        }
        if key.kind == Kind::Path {
            if input.peek(Lit) {
                errors.at(
                    input.parse::<Lit>()?,
                    format_args!("argument `{}` must be a path", key.name),
                    format_args!("write {form}, without quotes"),
                );
                return Ok(Value::Wrong);
            }
            return input.call(Path::parse_mod_style).map(Value::Path);
        }
        let expr: Expr = match input.parse() {
            Ok(expr) => expr,
            Err(error) => {
                let what = format!("the value of argument `{}` cannot be read", key.name);
                let note = format!("write {form}");
                // Where nothing is left to point at, the name is.
                if input.is_empty() {
                    errors.at(name, what, note);
                } else {
                    errors.at_span(error.span(), what, note);
                }
                skip(input)?;
                return Ok(Value::Wrong);
            }
        };
        let value = match key.kind {
            Kind::Expr | Kind::FlagOrExpr => return Ok(Value::Expr(expr)),
            Kind::Flag => Err(format!("argument `{}` takes no value", key.name)),
            Kind::FlagOrStrings => Err(format!("argument `{}` takes a list", key.name)),
            kind => text_of(&expr)
                .ok_or_else(|| format!("argument `{}` must be a string literal", key.name))
                .map(|text| (kind, text)),
        };
        match value {
            Err(what) => {
                errors.at(&expr, what, format_args!("write {form}"));
                Ok(Value::Wrong)
            }
            Ok((kind, text)) => Ok(checked(key.name, kind, text, errors)),
        }
    }

    fn entry_of(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name.unraw() == key)
    }

    /// Where an argument was written; `None` when it was not given.
    pub(crate) fn name_of(&self, key: &str) -> Option<&Ident> {
        self.entry_of(key).map(|entry| &entry.name)
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.entry_of(key).is_some()
    }

    pub(crate) fn string(&self, key: &str) -> Option<&LitStr> {
        match &self.entry_of(key)?.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn strings(&self, key: &str) -> Option<&[LitStr]> {
        match &self.entry_of(key)?.value {
            Value::Strings(texts) => Some(texts),
            _ => None,
        }
    }

    pub(crate) fn duration(&self, key: &str) -> Option<Duration> {
        match &self.entry_of(key)?.value {
            Value::Duration(duration) => Some(*duration),
            _ => None,
        }
    }

    pub(crate) fn expr(&self, key: &str) -> Option<&Expr> {
        match &self.entry_of(key)?.value {
            Value::Expr(expr) => Some(expr),
            _ => None,
        }
    }

    pub(crate) fn path(&self, key: &str) -> Option<&Path> {
        match &self.entry_of(key)?.value {
            Value::Path(path) => Some(path),
            _ => None,
        }
    }
}

impl ToTokens for Given {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.attribute.to_tokens(tokens);
    }
}

/// Goes on with the next argument if there is one, else behind the next comma.
fn comma_is_missing(input: ParseStream<'_>, errors: &mut Errors) -> syn::Result<()> {
    if input.peek(Ident::peek_any) {
        let next = input.fork().call(Ident::parse_any)?;
        errors.at(
            &next,
            format_args!("a comma is missing before `{next}`"),
            "separate arguments with commas",
        );
        return Ok(());
    }
    let wrong: TokenTree = input.parse()?;
    errors.at(
        &wrong,
        format_args!("`{wrong}` does not belong to the argument before it"),
        "separate arguments with commas",
    );
    if input.peek(Ident::peek_any) {
        return Ok(());
    }
    skip(input)?;
    input.parse::<Option<Token![,]>>()?;
    Ok(())
}

fn unknown(grammar: &Grammar, text: &str) -> String {
    if let Some(near) = names::nearest(text, grammar.keys.iter().map(|key| key.name)) {
        format!("did you mean `{near}`?")
    } else if let Some(other) = grammar.elsewhere(text) {
        format!(
            "`{text}` is an argument of `#[{}]` on {}",
            other.attribute, other.place
        )
    } else {
        "remove it".to_owned()
    }
}

fn skip(input: ParseStream<'_>) -> syn::Result<()> {
    if input.parse::<Option<Token![=]>>()?.is_some() && !input.is_empty() {
        // As an expression, because `a::<b, c>()` has commas of its own.
        let _ = input.parse::<Expr>();
    }
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}

fn checked(key: &str, kind: Kind, text: LitStr, errors: &mut Errors) -> Value {
    let value = text.value();
    match kind {
        Kind::Id if value.is_empty() => {
            errors.at(
                &text,
                "an id must not be empty",
                "remove `id` to use the Rust name, or write one",
            );
            Value::Wrong
        }
        Kind::Id if value.contains(':') => {
            errors.at(
                &text,
                format_args!("the id `{value}` must not contain `:`"),
                format_args!(
                    "`:` separates a target from its members; write `{}`",
                    value.replace(':', "-").trim_matches('-')
                ),
            );
            Value::Wrong
        }
        Kind::Id if value.chars().any(char::is_control) => {
            errors.at(
                &text,
                format_args!("the id {value:?} must not contain control characters"),
                "servers strip some of them, which changes the id; remove them",
            );
            Value::Wrong
        }
        Kind::Color if !is_color(&value) => {
            errors.at(
                &text,
                format_args!("`{value}` is not a color"),
                "write it as `#rrggbb`, in hexadecimal digits, such as `#ffff00`",
            );
            Value::Wrong
        }
        Kind::String | Kind::Field | Kind::Method | Kind::Function if value.trim().is_empty() => {
            errors.at(
                &text,
                format_args!("argument `{key}` must not be empty"),
                format_args!("remove it, or write {}", kind.form(key)),
            );
            Value::Wrong
        }
        Kind::Rate => match pace::interval(&value) {
            Ok(interval) => Value::Duration(interval),
            Err(note) => {
                errors.at(&text, format_args!("`{value}` is not a rate"), note);
                Value::Wrong
            }
        },
        Kind::Duration => match humantime::parse_duration(&value) {
            Ok(Duration::ZERO) => {
                errors.at(
                    &text,
                    format_args!("argument `{key}` must not be zero"),
                    "write one such as `500ms`",
                );
                Value::Wrong
            }
            Ok(duration) => Value::Duration(duration),
            Err(error) => {
                errors.at(
                    &text,
                    format_args!("`{value}` is not a duration: {error}"),
                    "write one such as `500ms`, `2s` or `1m 30s`",
                );
                Value::Wrong
            }
        },
        _ => Value::String(text),
    }
}

fn is_color(text: &str) -> bool {
    text.strip_prefix('#')
        .is_some_and(|digits| digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// The string literal that an expression is; a `macro_rules!` capture wraps it in a group.
pub(crate) fn text_of(expr: &Expr) -> Option<LitStr> {
    match expr {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            attrs,
        }) if attrs.is_empty() => Some(text.clone()),
        Expr::Group(group) => text_of(&group.expr),
        Expr::Paren(paren) => text_of(&paren.expr),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grammar;
    use quote::quote;

    fn read(grammar: &Grammar, arguments: TokenStream) -> (Given, Vec<String>) {
        let mut errors = Errors::default();
        let given = Given::of_macro(grammar, arguments, &mut errors);
        let messages = errors.messages();
        (given, messages)
    }

    #[test]
    fn every_mistake_of_one_list_is_reported() {
        let (given, messages) = read(
            &grammar::STRUCT,
            quote!(
                catgory = "a",
                name = 5,
                name = "b",
                bg_color = "red",
                fg_color,
                id = "a:b",
                id = ""
            ),
        );
        assert_eq!(
            messages,
            [
                "unknown argument `catgory`, expected one of `name`, `category`, `bg_color`, \
                 `fg_color`, `id`, `key`, `name_field`, `actions`, `crate`\nnote: did you mean `category`?",
                "argument `name` must be a string literal\nnote: write `name = \"..\"`",
                "argument `name` is given twice\nnote: remove one of them",
                "`red` is not a color\n\
                 note: write it as `#rrggbb`, in hexadecimal digits, such as `#ffff00`",
                "argument `fg_color` needs a value\nnote: write `fg_color = \"#rrggbb\"`",
                "the id `a:b` must not contain `:`\n\
                 note: `:` separates a target from its members; write `a-b`",
                "argument `id` is given twice\nnote: remove one of them",
            ]
        );
        assert!(given.has("id") && given.string("id").is_none());
    }

    #[test]
    fn an_argument_after_a_mistake_is_read() {
        let (given, messages) = read(
            &grammar::ARGUMENT,
            quote!(min = , defalt = a::<b, c>(), max = 3),
        );
        assert_eq!(messages.len(), 2);
        assert!(given.expr("max").is_some());
    }

    #[test]
    fn a_missing_comma_hides_nothing() {
        let (given, messages) = read(
            &grammar::ARGUMENT,
            quote!(min = 1 max = 2 => 3, defalt = 4, "unit", label = "L"),
        );
        let first: Vec<_> = messages
            .iter()
            .filter_map(|text| text.lines().next())
            .collect();
        assert_eq!(
            first,
            [
                "a comma is missing before `max`",
                "`=` does not belong to the argument before it",
                "unknown argument `defalt`, expected one of `name`, `min`, `max`, `choices`, \
                 `default`, `unit`, `label`, `section`, `flatten`",
                "an argument of `#[arg]` begins with its name, expected one of `name`, `min`, \
                 `max`, `choices`, `default`, `unit`, `label`, `section`, `flatten`",
            ]
        );
        assert!(given.expr("max").is_some() && given.has("label"));
    }

    #[test]
    fn a_duration_is_more_than_nothing() {
        let (given, messages) = read(&grammar::COMPUTED, quote!(every = "1m 500ms"));
        assert!(messages.is_empty());
        assert_eq!(given.duration("every"), Some(Duration::from_millis(60_500)));
        for wrong in ["0s", "soon", ""] {
            assert_eq!(read(&grammar::COMPUTED, quote!(every = #wrong)).1.len(), 1);
            assert_eq!(read(&grammar::ACTION, quote!(timeout = #wrong)).1.len(), 1);
        }
    }
}
