//! What the derive has to do with the type's `#[actions]`: it lists them, requires them, describes them,
//! and finds the ids that a field and a method share, which no single macro sees.

use std::collections::BTreeSet;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{GenericParam, Generics, LitStr, WhereClause, parse_quote};

use crate::blocks::{self, Block, Listed, lists};
use crate::ids::Names;
use crate::target::valid::{Member, MemberKind, Target};
use crate::{names, paths};

/// The blocks of one type.
pub(crate) enum Blocks<'a> {
    /// Not listed: the compiler is asked for the block without a name, which it can tell of a type that
    /// is not generic.
    Asked,
    /// Not listed, and nobody can be asked.
    Unknown,
    Listed {
        all: Vec<Block<'a>>,
        generic: bool,
    },
}

pub(crate) fn of<'a>(target: &Target<'a>) -> Blocks<'a> {
    let generic = is_generic(target.generics);
    match target.listed.as_ref().and_then(|listed| listed.blocks()) {
        Some(all) => Blocks::Listed { all, generic },
        None if generic => Blocks::Unknown,
        None => Blocks::Asked,
    }
}

/// Whether there is more than one type of it; with lifetimes alone, it is refused.
fn is_generic(generics: &Generics) -> bool {
    generics
        .params
        .iter()
        .any(|param| !matches!(param, GenericParam::Lifetime(_)))
}

/// What tells `#[actions]` that the derive knows of it.
pub(crate) fn known(
    target: &Target<'_>,
    self_ty: &TokenStream,
    bounds: Option<&WhereClause>,
) -> TokenStream {
    let (generics, _, _) = target.generics.split_for_impl();
    let implement = |lists: TokenStream| {
        quote! {
            #[automatically_derived]
            impl #generics #lists for __rship::Listing #bounds {}
        }
    };
    let listed = match &target.listed {
        _ if target.generics.lifetimes().next().is_some() => None,
        None if is_generic(target.generics) => Some(Vec::new()),
        None => Some(vec![implement(lists(None, self_ty))]),
        Some(listed) => listed.blocks().map(|blocks| {
            let all = blocks.into_iter();
            all.map(|block| implement(lists(block.name, self_ty)))
                .collect()
        }),
    };
    // A list that cannot be read, or a struct that is refused, is one message, so all are listed.
    let listed = listed.unwrap_or_else(|| vec![all_listed(target.generics, self_ty)]);
    let fields = is_generic(target.generics).then(|| fields(target, self_ty, bounds));
    quote! {
        #[automatically_derived]
        impl #generics __rship::Derived for #self_ty #bounds {
            type Listing = __rship::Listing;
            type Kind = __rship::Fields;
        }

        #(#listed)*
        #fields
    }
}

/// Lists whatever blocks there are.
pub(crate) fn all_listed(own: &Generics, self_ty: &TokenStream) -> TokenStream {
    let mut generics = own.clone();
    generics
        .params
        .push(parse_quote!(const __RSHIP_HASH: ::core::primitive::u64));
    let (named, _, bounds) = generics.split_for_impl();
    let (generics, _, _) = own.split_for_impl();
    let lists = lists(None, self_ty);
    quote! {
        #[automatically_derived]
        impl #generics #lists for __rship::Listing #bounds {}

        #[automatically_derived]
        impl #named __rship::ListsBlock<#self_ty, __RSHIP_HASH> for __rship::Listing #bounds {}
    }
}

/// What tells `#[actions]` of a generic type which ids and names its fields have.
fn fields(target: &Target<'_>, self_ty: &TokenStream, bounds: Option<&WhereClause>) -> TokenStream {
    let (generics, _, _) = target.generics.split_for_impl();
    let ids = emitters(target).flat_map(|(field, Names { id, .. })| {
        let names = [names::plain(field), id.clone()];
        let written = names.map(|name| blocks::written(&name));
        std::iter::once(blocks::id("emitter", id)).chain(written)
    });
    let setters = setters(target).map(|(_, Names { id, .. })| blocks::id("action", id));
    let hashes: BTreeSet<u64> = ids.chain(setters).collect();
    let has_one_block = match target.listed.as_ref().and_then(Listed::blocks) {
        Some(blocks) if blocks.len() == 1 => Some(quote! {
            #[automatically_derived]
            impl #generics __rship::HasOneBlock for #self_ty #bounds {}
        }),
        _ => None,
    };
    let hashes = hashes.iter();
    quote! {
        #(
            #[automatically_derived]
            impl #generics __rship::HasField<#hashes> for #self_ty #bounds {}
        )*
        #has_one_block
    }
}

impl Blocks<'_> {
    /// The generics, with the blocks among their conditions: a type that is not generic is a target
    /// without its actions, too, so that a block which is not there is one message.
    pub(crate) fn required(&self, generics: &Generics) -> Generics {
        let mut generics = generics.clone();
        if let Self::Listed { all, generic: true } = self {
            let bounds = generics.make_where_clause();
            for marker in all.iter().map(Block::marker) {
                bounds
                    .predicates
                    .push(parse_quote!(Self: __rship::Actions<#marker>));
            }
        }
        generics
    }

    pub(crate) fn describe(&self) -> TokenStream {
        match self {
            Self::Unknown => TokenStream::new(),
            Self::Asked => quote!(__rship::Probe::<Self>::describe_actions(__rship_model);),
            Self::Listed { all, .. } => all
                .iter()
                .map(|block| {
                    let marker = block.marker();
                    quote_spanned! {block.place.resolved_at(Span::call_site())=>
                        <Self as __rship::Actions<#marker>>::describe_actions(__rship_model);
                    }
                })
                .collect(),
        }
    }

    /// Refuses ids that are given twice, each at its place: beside the impl, or in the function that
    /// describes a generic type, where the compiler gets to it when the function is used.
    pub(crate) fn checks(&self, target: &Target<'_>) -> (TokenStream, TokenStream) {
        let ident = target.ident;
        let (of, wrap): (Ident, fn(TokenStream) -> TokenStream) = match self {
            Self::Unknown => return Default::default(),
            Self::Listed { generic: true, .. } => {
                let of = Ident::new("Self", Span::call_site());
                (of, |check| quote!(const { #check }))
            }
            _ => (
                paths::unlinted(ident),
                |check| quote!(const _: () = { #check };),
            ),
        };
        let checks = [
            Ids::new("emitter", "EMITTER_IDS", emitters(target)),
            Ids::new("action", "ACTION_IDS", setters(target)),
        ]
        .iter()
        .flat_map(|ids| {
            let lists = self.lists(&of, &ids.constant);
            let fields = ids.of_fields(target, &lists);
            fields
                .chain(ids.of_blocks(target, self.named(), &lists))
                .collect::<Vec<_>>()
        })
        .map(wrap)
        .collect();
        match self {
            Self::Listed { generic: true, .. } => (TokenStream::new(), checks),
            _ => (checks, TokenStream::new()),
        }
    }

    /// The emitters of the blocks, for `writes = ".."` in another one.
    pub(crate) fn emitters(&self) -> TokenStream {
        if !matches!(self, Self::Listed { .. }) {
            return TokenStream::new();
        }
        let own = Ident::new("Self", Span::call_site());
        let lists = self.lists(&own, &Ident::new("EMITTER_IDS", own.span()));
        quote!(const BLOCKS: __rship::written::Blocks = &[#(#lists),*];)
    }

    /// What is wrong with a lock before the type, as its blocks say it.
    pub(crate) fn awaiting(&self) -> TokenStream {
        if matches!(self, Self::Unknown) {
            return TokenStream::new();
        }
        let own = Ident::new("Self", Span::call_site());
        let lists = self.lists(&own, &Ident::new("AWAITING", own.span()));
        quote! {
            const AWAITING: __rship::Option<&'static ::core::primitive::str> =
                __rship::first(&[#(#lists),*]);
        }
    }

    /// The constant of each block.
    fn lists(&self, of: &Ident, constant: &Ident) -> Vec<TokenStream> {
        match self {
            Self::Unknown => Vec::new(),
            Self::Asked => vec![quote!(__rship::Probe::<#of>::#constant)],
            Self::Listed { all, .. } => all
                .iter()
                .map(|block| {
                    let marker = block.marker();
                    // A block that is not there is the same message at the same place, whoever asks.
                    let place = block.place.resolved_at(Span::call_site());
                    let mut of = of.clone();
                    of.set_span(place);
                    quote_spanned! {place=>
                        <#of as __rship::Actions<#marker>>::#constant
                    }
                })
                .collect(),
        }
    }

    fn named(&self) -> &[Block<'_>] {
        match self {
            Self::Listed { all, .. } => all.get(1..).unwrap_or_default(),
            _ => &[],
        }
    }
}

/// The ids of one kind.
struct Ids<'a> {
    kind: &'static str,
    constant: Ident,
    fields: Vec<(&'a Ident, &'a Names)>,
}

impl<'a> Ids<'a> {
    fn new(
        kind: &'static str,
        constant: &str,
        fields: impl Iterator<Item = (&'a Ident, &'a Names)>,
    ) -> Self {
        Self {
            kind,
            constant: Ident::new(constant, Span::call_site()),
            fields: fields.filter(|(_, names)| names.sure).collect(),
        }
    }

    /// Ids that a field and a method have.
    fn of_fields(
        &self,
        target: &Target<'_>,
        lists: &[TokenStream],
    ) -> impl Iterator<Item = TokenStream> {
        let (kind, ty) = (self.kind, target.ident);
        self.fields.iter().map(move |(field, names)| {
            let id = &names.id;
            let message = format!(
                "field `{field}` and a method of `{ty}` both have the {kind} id `{id}`\n{}",
                self.note()
            );
            let place = Span::call_site().located_at(field.span());
            quote_spanned! {place=>
                if __rship::is_taken(#id, &[#(#lists),*]) {
                    ::core::panic!("{}", #message)
                }
            }
        })
    }

    /// Ids that methods of two blocks have.
    fn of_blocks(
        &self,
        target: &Target<'_>,
        named: &[Block<'_>],
        lists: &[TokenStream],
    ) -> impl Iterator<Item = TokenStream> {
        let (kind, ty) = (self.kind, target.ident);
        named.iter().enumerate().map(move |(index, block)| {
            let name = block.name.map(LitStr::value).unwrap_or_default();
            let before = format!(
                "block `{name}` of `{ty}` has {kind} ids that methods of an earlier block have already: "
            );
            let after = format!("\n{}", self.note());
            let (earlier, own) = lists.split_at(index + 1);
            let own = own.first().map(ToTokens::to_token_stream);
            let place = Span::call_site().located_at(block.place);
            quote_spanned! {place=>
                if let __rship::Some(__rship_message) =
                    __rship::Shared::of(#own, &[#(#earlier),*], #before, #after).message()
                {
                    ::core::panic!("{}", __rship_message)
                }
            }
        })
    }

    fn note(&self) -> String {
        format!(
            "note: give one of them another: `#[{}(id = \"..\")]`",
            self.kind
        )
    }
}

fn emitters<'a>(target: &'a Target<'_>) -> impl Iterator<Item = (&'a Ident, &'a Names)> {
    target
        .members
        .iter()
        .filter_map(|Member { ident, kind, .. }| match kind {
            MemberKind::Emitter(state, _) => Some((*ident, &state.names)),
            MemberKind::SubTarget { .. } => None,
        })
}

fn setters<'a>(target: &'a Target<'_>) -> impl Iterator<Item = (&'a Ident, &'a Names)> {
    target
        .members
        .iter()
        .filter_map(|Member { ident, kind, .. }| match kind {
            MemberKind::Emitter(_, Some(setter)) => Some((*ident, &setter.names)),
            _ => None,
        })
}
