use rship_runtime::prelude::*;

#[derive(Target)]
struct Lamp {
    #[emitter]
    level: u8,
}

#[actions]
impl Lamp {
    #[action]
    fn dim(&mut self, level: ) {}

    #[action(writes = "level")]
    fn off(&mut self) {
        self.level = 0;
    }
}

fn main() {
    let _ = Lamp::descriptor();
}
