//! Types that are targets because one stands in them: boxes, variants of enums, and locks that others
//! hold as well.

use std::any::TypeId;
use std::sync::{Arc, Mutex, RwLock};

use crate::model::held::{Held, Way};
use crate::model::sub_target::KeyFn;
use crate::model::{Model, ModelBuilder, ModelError, Problem, Unreached};
use crate::target::Target;

impl<T: 'static> ModelBuilder<T> {
    /// Says that this is nothing but the place of a `I`: what stands in it is the target.
    pub fn stands_in<I: Target>(
        &mut self,
        get: impl Fn(&T) -> &I + Send + Sync + Clone + 'static,
        get_mut: impl Fn(&mut T) -> &mut I + Send + Sync + 'static,
    ) -> &mut Self {
        self.stands_in_as(Model::of(), get, get_mut)
    }

    /// The same, of a type that does not describe itself.
    pub(super) fn stands_in_as<I: Send + 'static>(
        &mut self,
        inner: Result<Arc<Model<I>>, ModelError>,
        get: impl Fn(&T) -> &I + Send + Sync + Clone + 'static,
        get_mut: impl Fn(&mut T) -> &mut I + Send + Sync + 'static,
    ) -> &mut Self {
        let for_key = get.clone();
        let way = Way::In(
            Box::new(move |place| Some(get(place.downcast_ref()?))),
            Box::new(move |place| Some(get_mut(place.downcast_mut()?))),
        );
        self.place_of(inner, way, |key| {
            Arc::new(move |place, text| key(for_key(place), text))
        })
    }

    /// Says that this is nothing but the lock before a `I`: what stands behind it is the target. `open`
    /// calls its argument once with the lock held, or says why it cannot be had.
    ///
    /// No action of `I`, nor of a sub-target of it, can be `async` or take a handle, because a lock must not be
    /// held over an await: of `I`'s own, this does not compile; of a sub-target's, it is an error where the target
    /// is added.
    pub fn behind<I: Target>(
        &mut self,
        open: impl Fn(&T, &mut dyn FnMut(&mut I)) -> Result<(), Unreached>
        + Send
        + Sync
        + Clone
        + 'static,
    ) -> &mut Self {
        const {
            if let Some(message) = I::AWAITING {
                panic!("{}", message)
            }
        }
        self.behind_as(Model::of(), open)
    }

    /// The same, of a type that does not describe itself.
    pub(super) fn behind_as<I: Send + 'static>(
        &mut self,
        inner: Result<Arc<Model<I>>, ModelError>,
        open: impl Fn(&T, &mut dyn FnMut(&mut I)) -> Result<(), Unreached>
        + Send
        + Sync
        + Clone
        + 'static,
    ) -> &mut Self {
        let for_key = open.clone();
        let way = Way::Behind(Box::new(move |place, work| match place.downcast_ref() {
            Some(place) => open(place, &mut |inner| work(inner)),
            None => Ok(()),
        }));
        self.place_of(inner, way, |key| {
            Arc::new(move |place, text| {
                // A key that cannot be asked for is cut.
                let _ = for_key(place, &mut |inner| key(inner, text));
            })
        })
    }

    /// Adds a variant of an enum of targets: what stands in it is the target.
    pub fn variant<I: Target>(
        &mut self,
        get: impl Fn(&T) -> Option<&I> + Send + Sync + Clone + 'static,
        get_mut: impl Fn(&mut T) -> Option<&mut I> + Send + Sync + 'static,
    ) -> &mut Self {
        let inner = match Model::<I>::of() {
            Ok(inner) => inner,
            Err(error) => return self.inherit(error),
        };
        let for_key = get.clone();
        self.variant_keys.push(inner.key.clone().map(|key| {
            Arc::new(move |place: &T, text: &mut String| {
                if let Some(inner) = for_key(place) {
                    key(inner, text);
                }
            }) as Arc<KeyFn<T>>
        }));
        self.variants.push(Arc::new(Held {
            place: TypeId::of::<T>(),
            way: Arc::new(Way::In(
                Box::new(move |place| Some(get(place.downcast_ref()?)?)),
                Box::new(move |place| Some(get_mut(place.downcast_mut()?)?)),
            )),
            inner: inner.erased(),
            by_value: true,
        }));
        self
    }

    fn place_of<I: Send + 'static>(
        &mut self,
        inner: Result<Arc<Model<I>>, ModelError>,
        way: Way,
        key: impl FnOnce(Arc<KeyFn<I>>) -> Arc<KeyFn<T>>,
    ) -> &mut Self {
        let inner = match inner {
            Ok(inner) => inner,
            Err(error) => return self.inherit(error),
        };
        self.key = inner.key.clone().map(key);
        self.stands_in = Some(Arc::clone(&inner.descriptor));
        self.held = Some(Arc::new(Held {
            place: TypeId::of::<T>(),
            way: Arc::new(way),
            inner: inner.erased(),
            by_value: false,
        }));
        self
    }

    fn inherit(&mut self, error: ModelError) -> &mut Self {
        self.problems.push(Problem::Inner(Box::new(error)));
        self
    }

    /// What tells members apart that are of an enum: each variant says it, or none does.
    pub(super) fn key_of_variants(&mut self) {
        let keys: Vec<_> = self.variant_keys.iter().flatten().cloned().collect();
        if keys.is_empty() {
            return;
        }
        let bare = self.variant_keys.iter().position(Option::is_none);
        if let Some(bare) = bare.and_then(|bare| self.variants.get(bare)) {
            let type_name = bare.descriptor().type_name;
            self.problems.push(Problem::NoKey(type_name));
        }
        self.key = Some(Arc::new(move |place, text| {
            for key in &keys {
                key(place, text);
            }
        }));
    }
}

#[diagnostic::do_not_recommend]
impl<T: Target> Target for Box<T> {
    const AWAITING: Option<&'static str> = T::AWAITING;

    fn describe(model: &mut ModelBuilder<Self>) {
        model.stands_in::<T>(|place| place, |place| place);
    }
}

#[diagnostic::do_not_recommend]
impl<T: Target> Target for Arc<Mutex<T>> {
    fn describe(model: &mut ModelBuilder<Self>) {
        model.behind::<T>(|place, work| {
            let mut held = place.lock().map_err(|_| Unreached::poisoned())?;
            work(&mut held);
            Ok(())
        });
    }
}

#[diagnostic::do_not_recommend]
impl<T: Target + Sync> Target for Arc<RwLock<T>> {
    fn describe(model: &mut ModelBuilder<Self>) {
        model.behind::<T>(|place, work| {
            let mut held = place.write().map_err(|_| Unreached::poisoned())?;
            work(&mut held);
            Ok(())
        });
    }
}
