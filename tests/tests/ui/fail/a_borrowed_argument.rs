#![allow(unused)]

use rship_runtime::prelude::*;

use std::borrow::Cow;

#[derive(Target)]
struct Stand;

#[actions]
impl Stand {
    #[action]
    fn rename(&mut self, name: &str, path: &std::path::Path, prices: Option<&[f64]>) {}

    #[action]
    async fn burn(&mut self, with: Cow<'_, str>, number: &mut u32) {}
}

fn main() {}
