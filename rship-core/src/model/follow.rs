//! Fields that tell when their value has changed, such as the receiver of a watch channel.

use std::any::Any;

use crate::model::BoxFuture;

/// Tells of the changes of a value.
pub trait Changes: Send {
    /// Ready when the value has changed since this was asked last; `false` when it never will again.
    fn changed(&mut self) -> BoxFuture<'_, bool>;
}

/// What is known of a field that tells of its changes.
pub struct Following {
    /// By which the field knows again whose changes are told.
    pub source: Box<dyn Any + Send>,
    /// What tells of them.
    pub changes: Box<dyn Changes>,
}
