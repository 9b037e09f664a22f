#[derive(Target)]
struct Lamp {
    /// Brightness.
    #[emitter]
    #[action(min = 0, max = 1)]
    level: f64,
}
