#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Stand;

type Sold = Result<u32, String>;

#[actions]
impl Stand {
    #[action]
    fn perhaps(&mut self) -> Option<Result<u32, String>> {
        None
    }

    #[action]
    async fn by_another_name(&mut self) -> Vec<Sold> {
        Vec::new()
    }

    #[action]
    fn both(this: Handle<Self>) -> Result<(u8, Sold), String> {
        Err(String::new())
    }
}

fn main() {}
