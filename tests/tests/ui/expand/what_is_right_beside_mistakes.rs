#[derive(Target)]
#[target(nam = "A stand")]
struct Stand {
    #[emitter(id = "cash:")]
    cash: f64,
    #[emitter]
    stock: u32,
}

#[actions]
impl Stand {
    #[action]
    fn sell(self, count: u32) {}

    #[action]
    fn burn(&mut self) {}
}
