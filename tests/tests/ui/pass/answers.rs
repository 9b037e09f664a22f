//! An action answers with nothing, a value, or a `Result` by whatever name.

#![deny(warnings)]

use std::fmt;

use rship_runtime::prelude::*;
use serde::Serialize;

#[derive(Serialize)]
struct Receipt<'a> {
    item: &'a str,
}

struct SoldOut;

impl fmt::Display for SoldOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sold out")
    }
}

type Answer<T> = Result<T, SoldOut>;

#[derive(Target)]
struct Shop {
    name: String,
}

#[actions]
impl Shop {
    #[action]
    fn nothing(&self) {}

    #[action]
    fn borrowed(&self) -> &str {
        &self.name
    }

    #[action]
    fn named<'a>(&'a mut self) -> Answer<Receipt<'a>> {
        Ok(Receipt { item: &self.name })
    }

    #[action]
    async fn waited(&self) -> Option<&str> {
        Some(&self.name)
    }

    #[action]
    async fn refused(&mut self) -> Answer<()> {
        Err(SoldOut)
    }

    #[action]
    fn boxed(&self) -> Result<(), Box<dyn std::error::Error>> {
        Err("no".into())
    }

    #[action]
    fn some(&self) -> impl Serialize + use<> {
        1
    }

    #[action]
    const fn constant(&self) -> u8 {
        1
    }

    #[action]
    fn never(&self) -> Result<(), std::convert::Infallible> {
        Ok(())
    }

    #[emitter]
    fn written(&self) -> &'static str {
        "here"
    }

    #[action]
    fn typed(self: &mut Self) {}
}

fn main() {
    assert_eq!(Shop::descriptor().unwrap().actions.len(), 10);
    let shop = Shop { name: "shop".to_owned() };
    assert_eq!(shop.borrowed(), "shop");
    let _ = shop.some();
}
