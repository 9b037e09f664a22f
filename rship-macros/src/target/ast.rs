//! The struct as it is written, with its attributes read.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Attribute, Data, DeriveInput, Fields, Generics, Type};

use crate::attr::Given;
use crate::docs::Doc;
use crate::errors::Errors;
use crate::grammar::{self, Grammar};

pub(crate) struct Parsed<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) generics: &'a Generics,
    pub(crate) doc: Option<Doc>,
    pub(crate) target: Option<Given>,
    pub(crate) fields: Vec<ParsedField<'a>>,
}

pub(crate) struct ParsedField<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) ty: &'a Type,
    pub(crate) doc: Option<Doc>,
    pub(crate) emitter: Option<Given>,
    pub(crate) action: Option<Given>,
    pub(crate) target: Option<Given>,
}

impl Parsed<'_> {
    /// The names of all attributes, each where it stands.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = &Ident> {
        let of_fields = self
            .fields
            .iter()
            .flat_map(|field| [&field.emitter, &field.action, &field.target]);
        let all = std::iter::once(&self.target).chain(of_fields);
        let places = all.flatten().flat_map(|given| &given.places);
        places.filter_map(|path| path.get_ident())
    }
}

pub(crate) fn parse<'a>(input: &'a DeriveInput, errors: &mut Errors) -> Parsed<'a> {
    let mut target = None;
    for attr in &input.attrs {
        if attr.path().is_ident("target") {
            Given::add(&mut target, &grammar::STRUCT, &attr.meta, errors);
        }
        for misplaced in ["emitter", "action"] {
            if attr.path().is_ident(misplaced) {
                errors.at(
                    attr.path(),
                    format_args!(
                        "`#[{misplaced}]` must not be on the struct `{}`",
                        input.ident
                    ),
                    "write it on one of the fields; the struct itself takes `#[target(..)]`",
                );
            }
        }
    }
    Parsed {
        ident: &input.ident,
        generics: &input.generics,
        doc: Doc::of(&input.attrs),
        target,
        fields: fields(input, errors),
    }
}

fn fields<'a>(input: &'a DeriveInput, errors: &mut Errors) -> Vec<ParsedField<'a>> {
    let mut wrong = |token: TokenStream, is: &str, note: &str| {
        let ident = &input.ident;
        errors.at(
            token,
            format_args!("a target must be a struct with named fields, and `{ident}` is {is}"),
            note,
        );
    };
    let fields = match &input.data {
        Data::Struct(data) => &data.fields,
        // Read elsewhere.
        Data::Enum(_) => return Vec::new(),
        Data::Union(data) => {
            let token = &data.union_token;
            wrong(quote!(#token), "a union", "write a struct");
            return Vec::new();
        }
    };
    match fields {
        Fields::Named(fields) => fields
            .named
            .iter()
            .filter_map(|field| {
                let ident = field.ident.as_ref()?;
                Some(ParsedField {
                    ident,
                    ty: &field.ty,
                    doc: Doc::of(&field.attrs),
                    emitter: given("emitter", &grammar::STATE, &field.attrs, errors),
                    action: given("action", &grammar::SETTER, &field.attrs, errors),
                    target: given("target", &grammar::SUB_TARGET, &field.attrs, errors),
                })
            })
            .collect(),
        Fields::Unnamed(fields) => {
            wrong(
                quote!(#fields),
                "a tuple struct",
                "give its fields names, because ids are made from them",
            );
            Vec::new()
        }
        Fields::Unit => Vec::new(),
    }
}

fn given(name: &str, grammar: &Grammar, attrs: &[Attribute], errors: &mut Errors) -> Option<Given> {
    let mut given = None;
    for attr in attrs.iter().filter(|attr| attr.path().is_ident(name)) {
        Given::add(&mut given, grammar, &attr.meta, errors);
    }
    given
}
