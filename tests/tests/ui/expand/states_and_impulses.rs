/// Sells bananas.
#[derive(Target)]
#[target(name = "The Banana Stand", category = "retail", bg_color = "#ffff00", key = "serial")]
struct BananaStand {
    serial: String,
    /// Dollars in the walls.
    #[emitter]
    cash: f64,
    #[emitter(id = "sold", name = "Bananas sold")]
    banana_sold: Emitter<u32>,
}
