//! What expanded macros name. Not for use by hand.

use std::any::Any;
use std::marker::PhantomData;
use std::sync::atomic::{self, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use rship_core::model::{BoxFuture, Changes, EmitterValue, Following};
use tokio::sync::watch;

pub use rship_core::__private::*;

/// What each attribute on a struct and its fields is, for editors: an expansion names it where the attribute
/// stands, and so its documentation is shown there.
pub mod attributes {
    pub use rship_macros::{Target as target, action, emitter};
}

/// What the type of a field has by itself: its own functions win over those of [`PlainField`].
pub struct FieldOf<F>(PhantomData<F>);

/// What [`FieldOf`] has for every other type. Its names are none that a trait of the user's can have.
pub trait PlainField {
    /// The type of the field.
    type Field;

    /// Adds the emitter that the field is.
    fn __rship_describe<T, V: EmitterValue>(
        model: &mut ModelBuilder<T>,
        spec: EmitterSpec,
        field: impl Fn(&T) -> &Self::Field + Send + Sync + 'static,
    ) where
        Self::Field: EmitterField<Value = V>;

    /// The same, with what only a value that stays can have.
    fn __rship_state<T>(
        model: &mut ModelBuilder<T>,
        spec: EmitterSpec,
        field: impl Fn(&T) -> &Self::Field + Send + Sync + 'static,
    ) where
        Self::Field: StateField;

    /// Adds the emitter of what a function makes of the field.
    fn __rship_with<T, V: EmitterValue>(
        model: &mut ModelBuilder<T>,
        spec: EmitterSpec,
        field: impl Fn(&T) -> &Self::Field + Send + Sync + Clone + 'static,
        published: fn(&Self::Field) -> V,
    ) where
        Self::Field: 'static,
    {
        model.state_with(spec, field, published);
    }

    /// The type of what the field publishes.
    fn __rship_value() -> PhantomData<Self::Field> {
        PhantomData
    }

    /// Sets the field.
    fn __rship_set(field: &mut Self::Field, value: Self::Field);
}

impl<F> PlainField for FieldOf<F> {
    type Field = F;

    fn __rship_describe<T, V: EmitterValue>(
        model: &mut ModelBuilder<T>,
        spec: EmitterSpec,
        field: impl Fn(&T) -> &F + Send + Sync + 'static,
    ) where
        F: EmitterField<Value = V>,
    {
        F::describe(model, spec, field);
    }

    fn __rship_state<T>(
        model: &mut ModelBuilder<T>,
        spec: EmitterSpec,
        field: impl Fn(&T) -> &F + Send + Sync + 'static,
    ) where
        F: StateField,
    {
        model.state(spec, field);
    }

    fn __rship_set(field: &mut F, value: F) {
        *field = value;
    }
}

impl<C: Send + Sync + 'static> FieldOf<watch::Receiver<C>> {
    /// Adds the emitter of what a function makes of the channel, whenever it has another value.
    pub fn __rship_with<T, V: EmitterValue>(
        model: &mut ModelBuilder<T>,
        spec: EmitterSpec,
        field: impl Fn(&T) -> &watch::Receiver<C> + Send + Sync + Clone + 'static,
        published: fn(&watch::Receiver<C>) -> V,
    ) {
        let read = field.clone();
        model.followed::<V>(
            spec,
            move |target, ask| ask.of(&published(read(target))),
            move |target, source| follow(field(target), source),
        );
    }
}

impl<V: EmitterValue + Send + Sync> FieldOf<watch::Receiver<V>> {
    /// The type of the values of the channel.
    pub fn __rship_value() -> PhantomData<V> {
        PhantomData
    }

    /// Adds the emitter whose values are those of the channel.
    pub fn __rship_describe<T>(
        model: &mut ModelBuilder<T>,
        spec: EmitterSpec,
        field: impl Fn(&T) -> &watch::Receiver<V> + Send + Sync + Clone + 'static,
    ) {
        Self::__rship_state(model, spec, field);
    }

    /// Adds the emitter whose values are those of the channel.
    pub fn __rship_state<T>(
        model: &mut ModelBuilder<T>,
        spec: EmitterSpec,
        field: impl Fn(&T) -> &watch::Receiver<V> + Send + Sync + Clone + 'static,
    ) {
        let read = field.clone();
        model.followed::<V>(
            spec,
            move |target, ask| ask.of(&*read(target).borrow()),
            move |target, source| follow(field(target), source),
        );
    }
}

impl<C: Send + Sync + 'static> FieldOf<watch::Sender<C>> {
    /// Adds the emitter of what a function makes of the channel, whenever it has another value.
    pub fn __rship_with<T, V: EmitterValue>(
        model: &mut ModelBuilder<T>,
        spec: EmitterSpec,
        field: impl Fn(&T) -> &watch::Sender<C> + Send + Sync + Clone + 'static,
        published: fn(&watch::Sender<C>) -> V,
    ) {
        let read = field.clone();
        model.followed::<V>(
            spec,
            move |target, ask| ask.of(&published(read(target))),
            move |target, source| follow(&field(target).subscribe(), source),
        );
    }
}

impl<V: EmitterValue + Send + Sync> FieldOf<watch::Sender<V>> {
    /// The type of the values of the channel.
    pub fn __rship_value() -> PhantomData<V> {
        PhantomData
    }

    /// Adds the emitter whose values are those of the channel.
    pub fn __rship_describe<T>(
        model: &mut ModelBuilder<T>,
        spec: EmitterSpec,
        field: impl Fn(&T) -> &watch::Sender<V> + Send + Sync + Clone + 'static,
    ) {
        Self::__rship_state(model, spec, field);
    }

    /// Adds the emitter whose values are those of the channel.
    pub fn __rship_state<T>(
        model: &mut ModelBuilder<T>,
        spec: EmitterSpec,
        field: impl Fn(&T) -> &watch::Sender<V> + Send + Sync + Clone + 'static,
    ) {
        let read = field.clone();
        model.followed::<V>(
            spec,
            move |target, ask| ask.of(&*read(target).borrow()),
            move |target, source| follow(&field(target).subscribe(), source),
        );
    }
}

fn follow<V: Send + Sync + 'static>(
    channel: &watch::Receiver<V>,
    source: Option<&(dyn Any + Send)>,
) -> Option<Following> {
    let known = source.and_then(|source| source.downcast_ref::<watch::Receiver<V>>());
    if known.is_some_and(|known| known.same_channel(channel)) {
        return None;
    }
    let mut changes = channel.clone();
    // It is looked at now; only what comes after that is news.
    changes.mark_unchanged();
    Some(Following {
        source: Box::new(channel.clone()),
        changes: Box::new(Channel(changes)),
    })
}

struct Channel<V>(watch::Receiver<V>);

impl<V: Send + Sync> Changes for Channel<V> {
    fn changed(&mut self) -> BoxFuture<'_, bool> {
        Box::pin(async { self.0.changed().await.is_ok() })
    }
}

// What is shared stays shared when it is set: the value goes where the others see it. A lock that a panic
// has poisoned holds a whole value again after that.
impl<V> FieldOf<Arc<Mutex<V>>> {
    /// Sets what is shared.
    pub fn __rship_set(field: &mut Arc<Mutex<V>>, value: Arc<Mutex<V>>) {
        if let Some(value) = Arc::into_inner(value) {
            let value = value.into_inner().unwrap_or_else(PoisonError::into_inner);
            *field.lock().unwrap_or_else(PoisonError::into_inner) = value;
            field.clear_poison();
        }
    }
}

impl<V> FieldOf<Arc<RwLock<V>>> {
    /// Sets what is shared.
    pub fn __rship_set(field: &mut Arc<RwLock<V>>, value: Arc<RwLock<V>>) {
        if let Some(value) = Arc::into_inner(value) {
            let value = value.into_inner().unwrap_or_else(PoisonError::into_inner);
            *field.write().unwrap_or_else(PoisonError::into_inner) = value;
            field.clear_poison();
        }
    }
}

macro_rules! atomics {
    ($($atomic:ident)*) => {$(
        impl FieldOf<Arc<atomic::$atomic>> {
            /// Sets what is shared.
            pub fn __rship_set(field: &mut Arc<atomic::$atomic>, value: Arc<atomic::$atomic>) {
                field.store(value.load(Ordering::SeqCst), Ordering::SeqCst);
            }
        }
    )*};
}

atomics! {
    AtomicBool AtomicI8 AtomicI16 AtomicI32 AtomicI64 AtomicIsize
    AtomicU8 AtomicU16 AtomicU32 AtomicU64 AtomicUsize
}
