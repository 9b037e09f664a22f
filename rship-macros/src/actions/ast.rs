//! The impl as it is written: signatures read, bodies left as tokens.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::{ParseStream, Parser};
use syn::{
    Attribute, FnArg, Generics, ImplItem, ItemImpl, Path, Signature, Token, Type, Visibility,
};

use crate::actions::conditions::{self, Sorted};
use crate::actions::strip;
use crate::errors::Errors;

/// The impl that `#[actions]` is on.
pub(crate) struct Block {
    header: TokenStream,
    body: Group,
    inner: Vec<Attribute>,
    pub(crate) conditions: Vec<TokenStream>,
    pub(crate) generics: Generics,
    pub(crate) self_ty: Type,
    pub(crate) of_trait: Option<Path>,
    /// Whether its methods could be read.
    pub(crate) readable: bool,
    members: Vec<Member>,
}

enum Member {
    Method(Box<Method>),
    Other(TokenStream),
}

pub(crate) struct Method {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) sorted: Sorted,
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
    pub(crate) fn without_attributes(&self) -> TokenStream {
        let Self { header, inner, .. } = self;
        let members = self.members.iter().map(|member| match member {
            Member::Method(method) => method.without_attributes(),
            Member::Other(tokens) => tokens.clone(),
        });
        let mut body = Group::new(Delimiter::Brace, quote!(#(#inner)* #(#members)*));
        body.set_span(self.body.span());
        quote!(#header #body)
    }
}

impl Method {
    fn without_attributes(&self) -> TokenStream {
        let Self {
            visibility, body, ..
        } = self;
        let kept = &self.sorted.kept;
        let mut sig = self.sig.clone();
        for input in &mut sig.inputs {
            match input {
                FnArg::Receiver(receiver) => receiver.attrs.retain(|attr| !is_arg(attr)),
                FnArg::Typed(typed) => typed
                    .attrs
                    .retain(|attr| !is_arg(attr) && !attr.path().is_ident("doc")),
            }
        }
        quote!(#(#kept)* #visibility #sig #body)
    }
}

pub(crate) fn is_arg(attr: &Attribute) -> bool {
    attr.path().is_ident("arg")
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
        while !input.is_empty() {
            members.push(member(input)?);
        }
        Ok((inner, members))
    };
    let read = members.parse2(body.stream());
    let readable = read.is_ok();
    let (inner, members) = read.unwrap_or_else(|error| {
        errors.push(error);
        (Vec::new(), vec![Member::Other(strip::all(body.stream()))])
    });
    Some(Block {
        header,
        body,
        inner,
        conditions: conditions::sort(&parsed.attrs, &[]).conditions,
        generics: parsed.generics,
        self_ty: *parsed.self_ty,
        of_trait: parsed.trait_.map(|(path, _)| path),
        readable,
        members,
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
        sorted: conditions::sort(&attrs, &["action", "emitter"]),
        attrs,
        visibility: quote!(#visibility #defaultness),
        sig,
        body,
    })))
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
    use syn::parse::discouraged::Speculative as _;
    let item: ImplItem = whole.parse()?;
    input.advance_to(whole);
    Ok(Member::Other(item.to_token_stream()))
}
