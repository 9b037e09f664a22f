//! rship
fn main(){}
