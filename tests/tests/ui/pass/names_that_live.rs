//! A name is a field that can be shown, or a method.

#![deny(warnings)]
#![no_implicit_prelude]

use ::rship_runtime::{Target, actions};

#[derive(Target)]
#[target(name_field = "label", name = "A lamp")]
struct Lamp<L: ::std::fmt::Display + ::std::marker::Send + 'static> {
    label: L,
}

#[derive(Target)]
#[target(name_field = "r#type")]
struct Fan {
    r#type: &'static str,
    #[target(forget)]
    lamps: ::std::vec::Vec<Lamp<::std::string::String>>,
    #[target(forget, id = "spare")]
    spare: ::std::option::Option<Lamp<u8>>,
}

#[derive(Target)]
#[target(name_field = "title")]
struct Door {
    #[emitter]
    number: u8,
}

#[actions]
impl Door {
    #[emitter]
    fn title(&self) -> ::std::string::String {
        ::std::format!("Door {}", self.number)
    }
}

#[derive(Target)]
#[target(name_field = "of_all")]
struct Hall;

impl Hall {
    fn of_all(&self) -> &'static str {
        "Hall"
    }
}

fn main() {
    let fan = Fan::descriptor().unwrap();
    ::std::assert!(fan.sub_targets[0].forget && fan.sub_targets[1].forget);
    let lamp = Lamp::<u8>::descriptor().unwrap();
    ::std::assert_eq!(lamp.name, "A lamp");
    let door = Door { number: 1 };
    ::std::assert_eq!(door.title(), "Door 1");
    let fan = Fan { r#type: "", lamps: ::std::vec::Vec::new(), spare: ::std::option::Option::None };
    ::std::assert!(fan.lamps.is_empty() && fan.spare.is_none() && fan.r#type.is_empty());
    ::std::assert!(Lamp { label: 1 }.label == 1 && Hall.of_all() == "Hall");
}
