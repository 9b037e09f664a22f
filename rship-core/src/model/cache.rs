//! One model for each type, built once; one for each function that describes a type of another crate.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use crate::model::described::Described;
use crate::model::{Model, ModelBuilder, ModelError};
use crate::target::Target;

type Erased = Arc<dyn Any + Send + Sync>;
/// The type, and the address of the function that describes it where it does not do so itself.
type Key = (TypeId, usize);
type Models = HashMap<Key, Erased>;

// A static inside a generic function is shared by all types, hence the map.
static MODELS: LazyLock<RwLock<Models>> = LazyLock::new(RwLock::default);

impl<T: Target> Model<T> {
    /// The model of an annotated type; built on the first call, shared by all others.
    ///
    /// # Errors
    /// When the description cannot be used: see [`ModelError`].
    pub fn of() -> Result<Arc<Self>, ModelError> {
        cached(0, || {
            let mut builder = ModelBuilder::new(std::any::type_name::<T>());
            T::describe(&mut builder);
            builder.build()
        })
    }
}

/// The model that a function has of a type; `build` is called where it is not known yet. The function is that
/// of the innermost type, where the type is a place that this stands in.
pub(super) fn described<M, T: Send + 'static>(
    described: Described<M>,
    build: impl FnOnce() -> Result<Arc<Model<T>>, ModelError>,
) -> Result<Arc<Model<T>>, ModelError> {
    // Functions that became one in the program have the same code, and so the same model.
    cached(described as usize, build)
}

fn cached<T: Send + 'static>(
    function: usize,
    build: impl FnOnce() -> Result<Arc<Model<T>>, ModelError>,
) -> Result<Arc<Model<T>>, ModelError> {
    let key = (TypeId::of::<T>(), function);
    if let Some(model) = known(key).and_then(|known| known.downcast().ok()) {
        return Ok(model);
    }
    let model = build()?;
    let kept = keep(key, Arc::clone(&model) as Erased);
    Ok(kept.downcast().unwrap_or(model))
}

fn known(key: Key) -> Option<Erased> {
    let models = MODELS.read().unwrap_or_else(PoisonError::into_inner);
    models.get(&key).cloned()
}

/// Keeps a model, unless another thread was faster: everybody uses the one that is kept.
fn keep(key: Key, model: Erased) -> Erased {
    let mut models = MODELS.write().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(models.entry(key).or_insert(model))
}
