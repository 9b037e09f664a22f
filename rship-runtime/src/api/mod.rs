//! What a device's author touches: the executor and its builder, instances, handles and guards.

mod builder;
mod console;
mod described;
mod executor;
mod guard;
mod handle;
mod instance;
mod launched;
mod locking;
mod manifest;
mod parent;
mod running;
mod sub_target;
pub mod testing;

pub use builder::Builder;
pub use executor::Executor;
pub use guard::Guard;
pub use handle::{Handle, Scoped};
pub use instance::{InstanceHandle, add_modelled};
pub use locking::NeedsAwait;
pub use parent::Parent;
pub use running::Running;
pub use sub_target::SubTarget;
