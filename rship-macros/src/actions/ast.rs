//! The impl as it is written: signatures read, bodies left as tokens.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::discouraged::Speculative as _;
use syn::parse::{ParseStream, Parser};
use syn::{
    Attribute, FnArg, Generics, ImplItem, ItemImpl, Path, Signature, Token, Type, Visibility,
};

use crate::actions::{conditions, strip};
use crate::errors::Errors;
use crate::paths::Ours;

/// The impl that `#[actions]` is on.
pub(crate) struct Block {
    header: TokenStream,
    body: Group,
    inner: Vec<Attribute>,
    /// What the user allows in the impl, and so in what is described of it.
    pub(crate) allowed: Vec<Attribute>,
    pub(crate) generics: Generics,
    pub(crate) self_ty: Type,
    pub(crate) of_trait: Option<Path>,
    members: Vec<Member>,
    /// Whether a method is not finished yet; what is wrong with it, the compiler has said already.
    pub(crate) unfinished: bool,
}

enum Member {
    Method(Box<Method>),
    Other(TokenStream),
}

pub(crate) struct Method {
    pub(crate) attrs: Vec<Attribute>,
    visibility: TokenStream,
    pub(crate) sig: Signature,
    body: TokenTree,
}

impl Block {
    pub(crate) fn methods(&self) -> impl Iterator<Item = &Method> {
        self.members.iter().filter_map(|member| match member {
            Member::Method(method) => Some(&**method),
            Member::Other(_) => None,
        })
    }

    /// What tells it from other blocks.
    pub(crate) fn code(&self) -> String {
        format!("{} {}", self.header, self.body)
    }

    /// The impl without the attributes that are for this macro.
    pub(crate) fn without_attributes(&self, ours: &Ours) -> TokenStream {
        let Self { header, inner, .. } = self;
        let members = self.members.iter().map(|member| match member {
            Member::Method(method) => method.without_attributes(ours),
            Member::Other(tokens) => tokens.clone(),
        });
        let mut body = Group::new(Delimiter::Brace, quote!(#(#inner)* #(#members)*));
        body.set_span(self.body.span());
        quote!(#header #body)
    }

    /// The methods as far as they are described: without bodies.
    pub(crate) fn skeleton(&self) -> TokenStream {
        let header = &self.header;
        let methods = self
            .methods()
            .map(|Method { attrs, sig, .. }| quote!(#(#attrs)* #sig {}));
        quote!(#header { #(#methods)* })
    }

    /// Whether a method is marked, perhaps under a condition.
    pub(crate) fn marks(&self, ours: &Ours) -> bool {
        let mut attrs = self.methods().flat_map(|method| &method.attrs);
        attrs.any(|attr| conditions::mentions(&attr.meta, ours, MARKS))
    }

    /// Whether it can be described by a derive alone: where there are conditions, and where methods are
    /// called that are deprecated, which a derive may do.
    pub(crate) fn needs_derive(&self) -> bool {
        self.methods().any(|method| {
            let mut inputs = method.sig.inputs.iter().map(attrs_of);
            let deprecated = |attr: &Attribute| attr.path().is_ident("deprecated");
            conditions::any(&method.attrs)
                || inputs.any(conditions::any)
                || method.attrs.iter().any(deprecated)
        })
    }
}

impl Method {
    fn without_attributes(&self, ours: &Ours) -> TokenStream {
        let Self {
            visibility, body, ..
        } = self;
        let kept = without(&self.attrs, ours, MARKS);
        let mut sig = self.sig.clone();
        for input in &mut sig.inputs {
            match input {
                FnArg::Receiver(receiver) => {
                    receiver.attrs = without(&receiver.attrs, ours, &["arg"]);
                }
                // Nothing else may be documented there.
                FnArg::Typed(typed) => {
                    typed.attrs = without(&typed.attrs, ours, &["arg", "doc"]);
                }
            }
        }
        quote!(#(#kept)* #visibility #sig #body)
    }
}

/// What a method can be marked with.
const MARKS: &[&str] = &["action", "emitter"];

fn without(attrs: &[Attribute], ours: &Ours, names: &[&str]) -> Vec<Attribute> {
    let kept = attrs.iter().filter_map(|attr| {
        let meta = conditions::without(&attr.meta, ours, names)?;
        Some(Attribute {
            meta,
            ..attr.clone()
        })
    });
    kept.collect()
}

pub(crate) fn attrs_of(input: &FnArg) -> &[Attribute] {
    match input {
        FnArg::Receiver(receiver) => &receiver.attrs,
        FnArg::Typed(typed) => &typed.attrs,
    }
}

/// Reads the impl; `None` when it is none, or none that can be read.
pub(crate) fn parse(item: TokenStream, errors: &mut Errors) -> Option<Block> {
    let mut header: Vec<TokenTree> = item.clone().into_iter().collect();
    let body = match header.pop() {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => group,
        // What a `macro_rules!` capture may be wrapped in.
        Some(TokenTree::Group(group))
            if group.delimiter() == Delimiter::None && header.is_empty() =>
        {
            return parse(group.stream(), errors);
        }
        _ => {
            not_an_impl(&item, errors);
            return None;
        }
    };
    let header: TokenStream = header.into_iter().collect();
    let Ok(parsed) = syn::parse2::<ItemImpl>(quote!(#header {})) else {
        not_an_impl(&item, errors);
        return None;
    };
    let members = |input: ParseStream<'_>| {
        let inner = input.call(Attribute::parse_inner)?;
        let mut members = Vec::new();
        let mut unfinished = false;
        while !input.is_empty() {
            let whole = input.fork();
            members.push(match member(input) {
                Ok(member) => member,
                Err(_) => {
                    unfinished = true;
                    input.advance_to(&whole);
                    Member::Other(self::unfinished(input)?)
                }
            });
        }
        Ok((inner, members, unfinished))
    };
    let read = members.parse2(body.stream());
    let (inner, members, unfinished) = read.unwrap_or_else(|error| {
        errors.push(error);
        let kept = vec![Member::Other(strip::all(body.stream()))];
        (Vec::new(), kept, false)
    });
    Some(Block {
        header,
        body,
        inner,
        allowed: {
            let mut attrs = parsed.attrs;
            attrs.retain(|attr| attr.path().is_ident("allow"));
            attrs
        },
        generics: parsed.generics,
        self_ty: *parsed.self_ty,
        of_trait: parsed.trait_.map(|(path, _)| path),
        members,
        unfinished,
    })
}

fn not_an_impl(item: &TokenStream, errors: &mut Errors) {
    let first = item
        .clone()
        .into_iter()
        .find(|token| matches!(token, TokenTree::Ident(_)));
    errors.at(
        first,
        "`#[actions]` must be on an `impl` block",
        "write it on the `impl` block whose methods are the actions",
    );
}

fn member(input: ParseStream<'_>) -> syn::Result<Member> {
    let whole = input.fork();
    let attrs = input.call(Attribute::parse_outer)?;
    let visibility: Visibility = input.parse()?;
    let defaultness: Option<Token![default]> = input.parse()?;
    if !starts_fn(input) {
        return other(&whole, input);
    }
    let sig: Signature = input.parse()?;
    if input.peek(Token![;]) {
        return other(&whole, input);
    }
    // A group, unless it is not finished yet; one without delimiters where a `macro_rules!` passes it on.
    let body: TokenTree = input.parse()?;
    Ok(Member::Method(Box::new(Method {
        attrs,
        visibility: quote!(#visibility #defaultness),
        sig,
        body,
    })))
}

/// A method that cannot be read, up to its body; nothing of one that has none.
fn unfinished(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let mut tokens: Vec<TokenTree> = Vec::new();
    while !input.is_empty() {
        let token: TokenTree = input.parse()?;
        let last = match &token {
            TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
            TokenTree::Punct(punct) => punct.as_char() == ';',
            _ => false,
        };
        tokens.push(token);
        if last {
            return Ok(strip::all(tokens.into_iter().collect()));
        }
    }
    Ok(TokenStream::new())
}

fn starts_fn(input: ParseStream<'_>) -> bool {
    // `const` begins a constant as well as a function.
    let ahead = input.fork();
    let _ = ahead.parse::<Option<Token![const]>>();
    ahead.peek(Token![fn])
        || ahead.peek(Token![async])
        || ahead.peek(Token![unsafe])
        || ahead.peek(Token![extern])
}

/// Anything but a method: taken over as it is.
fn other(whole: ParseStream<'_>, input: ParseStream<'_>) -> syn::Result<Member> {
    let item: ImplItem = whole.parse()?;
    input.advance_to(whole);
    Ok(Member::Other(item.to_token_stream()))
}
