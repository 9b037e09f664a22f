//! One model for each type, built once.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use crate::model::{Model, ModelBuilder, ModelError};
use crate::target::Target;

type Models = HashMap<TypeId, Arc<dyn Any + Send + Sync>>;

// A static inside a generic function is shared by all types, hence the map.
static MODELS: LazyLock<RwLock<Models>> = LazyLock::new(RwLock::default);

impl<T: Target> Model<T> {
    /// The model of an annotated type; built on the first call, shared by all others.
    ///
    /// # Errors
    /// When the description cannot be used: see [`ModelError`].
    pub fn of() -> Result<Arc<Self>, ModelError> {
        let known = MODELS
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&TypeId::of::<T>())
            .and_then(|model| Arc::clone(model).downcast::<Self>().ok());
        if let Some(model) = known {
            return Ok(model);
        }
        let mut builder = ModelBuilder::new(std::any::type_name::<T>());
        T::describe(&mut builder);
        let model = builder.build()?;
        let mut models = MODELS.write().unwrap_or_else(PoisonError::into_inner);
        let kept = models
            .entry(TypeId::of::<T>())
            .or_insert_with(|| Arc::clone(&model) as Arc<dyn Any + Send + Sync>);
        // Another thread may have been faster: everybody uses the one that is kept.
        Ok(Arc::clone(kept).downcast::<Self>().unwrap_or(model))
    }
}
