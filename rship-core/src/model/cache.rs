//! One model for each type, built once.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use crate::model::{Model, ModelBuilder, ModelError};
use crate::target::Target;

type Erased = Arc<dyn Any + Send + Sync>;
type Models = HashMap<TypeId, Erased>;

// A static inside a generic function is shared by all types, hence the map.
static MODELS: LazyLock<RwLock<Models>> = LazyLock::new(RwLock::default);

impl<T: Target> Model<T> {
    /// The model of an annotated type; built on the first call, shared by all others.
    ///
    /// # Errors
    /// When the description cannot be used: see [`ModelError`].
    pub fn of() -> Result<Arc<Self>, ModelError> {
        let known = known(TypeId::of::<T>());
        if let Some(model) = known.and_then(|known| known.downcast::<Self>().ok()) {
            return Ok(model);
        }
        let mut builder = ModelBuilder::new(std::any::type_name::<T>());
        T::describe(&mut builder);
        let model = builder.build()?;
        let kept = keep(TypeId::of::<T>(), Arc::clone(&model) as Erased);
        Ok(kept.downcast::<Self>().unwrap_or(model))
    }
}

fn known(target: TypeId) -> Option<Erased> {
    let models = MODELS.read().unwrap_or_else(PoisonError::into_inner);
    models.get(&target).cloned()
}

/// Keeps a model, unless another thread was faster: everybody uses the one that is kept.
fn keep(target: TypeId, model: Erased) -> Erased {
    let mut models = MODELS.write().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(models.entry(target).or_insert(model))
}
