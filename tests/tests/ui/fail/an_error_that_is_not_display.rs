#![allow(unused)]

use rship_runtime::prelude::*;

#[derive(Target)]
struct Stand;

type Sold<T> = Result<T, Vec<String>>;

#[actions]
impl Stand {
    #[action]
    fn nothing(&mut self) -> Result<(), ()> {
        Err(())
    }

    #[action]
    async fn several(&mut self) -> Sold<u32> {
        Err(Vec::new())
    }
}

fn main() {}
