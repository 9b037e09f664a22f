//! A field holds one sub-target, perhaps one, a list or a map.

#![deny(warnings)]

use std::collections::BTreeMap;

use rship_runtime::prelude::*;

#[derive(Target)]
#[target(id = "cash-register", key = "serial")]
struct Register {
    #[emitter]
    cash: f64,
    serial: String,
}

#[derive(Target)]
struct Shop {
    #[target]
    main: Register,
    #[target(id = "reserve", name = "The reserve")]
    spare: Option<Register>,
    #[target]
    all_registers: Vec<Register>,
    #[target(id = "by.serial", key = "serial")]
    by_serial: Vec<Register>,
    #[target]
    by_name: BTreeMap<String, Register>,
    #[target]
    branches: Vec<Shop>,
    not_shown: Option<Register>,
}

fn main() {
    use rship_runtime::descriptor::Shape::{List, Map, One, Optional};

    let register = Register::descriptor().unwrap();
    assert_eq!(register.id.as_deref(), Some("cash-register"));
    let shop = Shop::descriptor().unwrap();
    let fields: Vec<_> = shop
        .sub_targets
        .iter()
        .map(|sub| (sub.field.as_str(), sub.id.as_deref(), sub.name.as_deref(), sub.shape))
        .collect();
    assert_eq!(
        fields,
        [
            ("main", None, None, One),
            ("spare", Some("reserve"), Some("The reserve"), Optional),
            ("all-registers", None, None, List),
            ("by-serial", Some("by.serial"), None, List),
            ("by-name", None, None, Map),
            ("branches", None, None, List),
        ]
    );
    let register = || Register { cash: 0.0, serial: String::new() };
    let shop = Shop {
        main: register(),
        spare: None,
        all_registers: Vec::new(),
        by_serial: Vec::new(),
        by_name: BTreeMap::new(),
        branches: Vec::new(),
        not_shown: Some(register()),
    };
    drop(shop.not_shown);
}
