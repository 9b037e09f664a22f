//! Instances: one executor may carry several of its service.

use std::sync::Arc;

use rship_core::Target;
use rship_core::model::{AnyModel, Model};

use super::executor::Engine;
use super::{Handle, Scoped};
use crate::error::Error;
use crate::settings::check_id;
use crate::target::{self, Addition};

/// One instance of an executor's service. A target id may live in each instance with its own value;
/// statuses and pulses are told apart by the instance.
#[derive(Clone)]
pub struct InstanceHandle {
    pub(super) engine: Arc<Engine>,
    pub(super) index: usize,
}

impl InstanceHandle {
    /// The instance's id.
    #[must_use]
    pub fn id(&self) -> String {
        self.engine.parts.registry.targets().instances[self.index]
            .id
            .clone()
    }

    /// Adds a target, with all sub-targets it has, and publishes its values.
    ///
    /// # Errors
    /// When the id cannot be used or is taken, or when the type's description cannot be used.
    pub fn add<T: Target>(&self, id: &str, target: T) -> Result<Handle<T>, Error> {
        self.add_described(id, target, Model::of()?)
    }

    /// Adds a target that goes offline when the returned guard is dropped.
    ///
    /// # Errors
    /// As [`add`](InstanceHandle::add).
    pub fn add_scoped<T: Target>(&self, id: &str, target: T) -> Result<Scoped<T>, Error> {
        self.add(id, target).map(Scoped)
    }

    /// Adds a value whose type could not be annotated, with a model made by
    /// [`ModelBuilder`](crate::model::ModelBuilder).
    ///
    /// # Errors
    /// When the id cannot be used or is taken, or when the description of a sub-target cannot be used.
    pub fn add_described<T: Send + 'static>(
        &self,
        id: &str,
        target: T,
        model: Arc<Model<T>>,
    ) -> Result<Handle<T>, Error> {
        add_modelled(self, id, target, model.erased())
    }
}

/// Adds a value whose model was not made by a builder: one that is known when the program runs. Values of its type
/// may each have another.
///
/// # Errors
/// As [`InstanceHandle::add_described`].
pub fn add_modelled<T: Send + 'static>(
    instance: &InstanceHandle,
    id: &str,
    target: T,
    model: Arc<dyn AnyModel>,
) -> Result<Handle<T>, Error> {
    check_id("target", id)?;
    let addition = Addition {
        instance: instance.index,
        id: id.to_owned(),
        model,
        root: Box::new(target),
    };
    let registry = &instance.engine.parts.registry;
    target::add(&instance.engine.context, registry, addition).map(Handle::new)
}
