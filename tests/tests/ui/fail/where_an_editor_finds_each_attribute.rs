//! The expansion names each attribute where it stands, as an item with documentation, which an editor shows
//! there. Here these items are missing, so that the compiler says where it looks for them.

#![allow(unused)]

use rship_runtime::prelude::*;

mod undocumented {
    pub mod __private {
        pub use rship_runtime::__private::*;

        pub mod attributes {}
    }
}

#[derive(Target)]
#[target(crate = undocumented)]
struct Stand {
    #[emitter(name = "Cash")]
    #[action]
    cash: f64,
    #[target]
    #[target(name = "Till")]
    till: Till,
}

#[derive(Target)]
struct Till;

fn main() {}
