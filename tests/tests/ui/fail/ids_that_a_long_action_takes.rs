use rship_runtime::prelude::*;

#[derive(Target)]
struct Crane {
    #[emitter]
    lift_progress: u8,
}

#[actions]
impl Crane {
    #[action(progress)]
    async fn lift(this: Handle<Self>) {
        drop(this);
    }
}

fn main() {}
