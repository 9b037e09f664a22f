#[actions]
impl Clock {
    /// What it shows.
    #[emitter]
    fn text(&self) -> String {
        self.time.to_string()
    }

    #[emitter(id = "seconds", every = "500ms")]
    fn uptime(&self) -> u64 {
        0
    }
}
