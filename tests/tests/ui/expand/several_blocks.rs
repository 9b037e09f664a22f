#[derive(Target)]
#[target(actions("transport"))]
struct Deck {
    #[emitter]
    playing: bool,
}

#[actions]
impl Deck {
    #[action]
    fn eject(&mut self) {}
}

#[actions(block = "transport")]
impl Transport for Deck {
    #[action]
    fn play(&mut self) {}
}
