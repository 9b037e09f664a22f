#![allow(unused)]

use rship_runtime::prelude::*;

struct Receipt;

#[derive(Target)]
struct Stand;

#[actions]
impl Stand {
    #[action]
    fn sell(&mut self) -> Receipt {
        Receipt
    }

    #[action]
    async fn burn(&mut self) -> Result<u32, Receipt> {
        Err(Receipt)
    }

    #[action]
    async fn order(this: Handle<Self>) -> Option<Receipt> {
        None
    }
}

fn main() {}
