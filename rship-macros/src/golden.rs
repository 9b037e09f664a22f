//! Golden expansions: what the macros make of each file in `tests/tests/ui/expand`, beside it in `golden`.
//! `GOLDEN=overwrite` writes them again.

use std::path::Path;
use std::{env, fs};

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Attribute, Item, Meta};

use crate::first::Place;

/// The items and what is added to them, as a compiler would see it.
fn expanded(source: &str) -> String {
    let items: TokenStream = syn::parse_file(source)
        .unwrap()
        .items
        .into_iter()
        .map(item)
        .collect();
    prettyplease::unparse(&syn::parse2(items).unwrap())
}

fn item(mut item: Item) -> TokenStream {
    match &mut item {
        Item::Struct(of) => {
            of.attrs.retain(|attr| !attr.path().is_ident("derive"));
            let place = Place {
                file: "golden.rs".to_owned(),
                line: 1,
            };
            crate::target::derive(place, item.into_token_stream())
        }
        Item::Impl(of) => {
            let is_ours = |attr: &Attribute| attr.path().is_ident("actions");
            let at = of.attrs.iter().position(is_ours).unwrap();
            let arguments = match of.attrs.remove(at).meta {
                Meta::List(list) => list.tokens,
                _ => quote!(),
            };
            crate::actions::expand(arguments, item.into_token_stream())
        }
        _ => panic!("structs and impls are expanded"),
    }
}

#[test]
fn each_expansion_is_what_it_was() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/tests/ui/expand");
    let overwrite = env::var("GOLDEN").is_ok_and(|value| value == "overwrite");
    let mut count = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        count += 1;
        let golden = folder.join("golden").join(path.file_name().unwrap());
        let now = expanded(&fs::read_to_string(&path).unwrap());
        if overwrite {
            fs::write(&golden, now).unwrap();
            continue;
        }
        let was = fs::read_to_string(&golden).unwrap_or_default();
        let line = was
            .lines()
            .zip(now.lines())
            .position(|(was, now)| was != now);
        assert!(
            was == now,
            "the expansion of {} differs, first in line {}; it is now:\n{now}\n\
             If that is meant: GOLDEN=overwrite cargo test -p rship-macros golden",
            path.display(),
            line.unwrap_or_default() + 1
        );
    }
    assert_eq!(count, 10);
}
