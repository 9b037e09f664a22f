//! What a device's author touches: the executor and its builder, instances, handles and guards.

mod builder;
mod console;
mod executor;
mod guard;
mod handle;
mod instance;
mod launched;
mod manifest;
mod running;
pub mod testing;

pub use builder::Builder;
pub use executor::Executor;
pub use guard::Guard;
pub use handle::{Handle, Scoped};
pub use instance::InstanceHandle;
pub use running::Running;
