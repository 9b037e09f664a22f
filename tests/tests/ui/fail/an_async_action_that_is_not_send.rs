#![allow(unused)]

use rship_runtime::prelude::*;

use std::rc::Rc;

async fn wait() {}

#[derive(Target)]
struct Stand;

#[actions]
impl Stand {
    #[action]
    async fn burn(&mut self) {
        let shared = Rc::new(1);
        wait().await;
        drop(shared);
    }
}

fn main() {}
