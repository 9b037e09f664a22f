#[actions]
impl Screen {
    /// Shows a picture.
    #[action(name = "Show it")]
    fn show(
        &mut self,
        /// Which one.
        #[arg(name = "file", label = "File")] file_name: String,
        #[arg(min = 0, max = 600, default = 3.0, unit = "s")] after: f64,
        #[arg(default)] looping: bool,
        #[arg(flatten)] place: Place,
    ) {
    }
}
