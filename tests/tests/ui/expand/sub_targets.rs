#[derive(Target)]
struct Hub {
    #[target]
    first: Port,
    #[target(id = "spare", name = "Spare port")]
    spare: Option<Port>,
    #[target(key = "serial")]
    ports: Vec<Port>,
}
