#[actions]
#[cfg(unix)]
impl Machine {
    #[cfg(debug_assertions)]
    #[action(id = "stop")]
    fn halt(&mut self, #[cfg(test)] hard: bool) {}

    #[cfg(not(debug_assertions))]
    #[action]
    fn stop(&mut self) {}
}
