#[derive(Target)]
struct Hub {
    #[target]
    first: Port,
    #[target(id = "spare", name = "Spare port")]
    spare: Option<Port>,
    #[target(key = "serial")]
    ports: Vec<Port>,
    #[target(model = "film::describe")]
    played: film::Loop,
    #[target(model = "film::describe", key = "id")]
    loops: Vec<film::Loop>,
}
