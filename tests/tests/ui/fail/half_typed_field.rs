use rship_runtime::prelude::*;

#[derive(Target)]
struct Lamp {
    #[emitter]
    level
}

#[actions]
impl Lamp {
    #[action]
    fn switch(&mut self) {}
}

fn main() {
    let _ = Lamp::descriptor();
}
