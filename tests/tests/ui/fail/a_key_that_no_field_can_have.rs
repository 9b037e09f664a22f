#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Member {
    r#type: String,
}

#[derive(Target)]
struct Parent {
    #[target(key = "self")]
    a: Vec<Member>,
    #[target(key = "Self")]
    b: Vec<Member>,
    #[target(key = "super")]
    c: Vec<Member>,
    #[target(key = "crate")]
    d: Vec<Member>,
    #[target(key = "_")]
    e: Vec<Member>,
    #[target(key = "type")]
    f: Vec<Member>,
}

fn main() {}
