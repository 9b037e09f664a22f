#[actions]
impl Lamp {
    #[action]
    fn toggle(&mut self) -> bool {
        self.on = !self.on;
        self.on
    }

    #[action(blocking, timeout = "5s")]
    fn save(&self) {}

    #[action(writes = "level")]
    async fn dim(&mut self, to: f64) -> Result<(), String> {
        Ok(())
    }

    #[action(restart)]
    async fn fade(this: Handle<Self>, to: f64) {}
}
