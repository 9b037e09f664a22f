use rship_runtime::prelude::*;

struct Silent;

#[derive(Target)]
#[target(name_field = "lable")]
struct Lamp {
    label: String,
}

#[derive(Target)]
#[target(name_field = "label")]
struct Fan {
    label: Silent,
}

#[derive(Target)]
#[target(name_field = "two words")]
struct Sign {
    label: String,
}

#[derive(Target)]
#[target(name_field = "title")]
struct Door;

impl Door {
    fn title(&self) -> Silent {
        Silent
    }
}

#[derive(Target)]
struct Hall {
    #[target(forget = true)]
    signs: Vec<Sign>,
}

fn main() {}
