//! Sub-targets of types that cannot be annotated: a function of the user's describes them.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hash};
use std::sync::{Arc, Mutex, RwLock};

use crate::model::members::Members;
use crate::model::{MapKey, Model, ModelBuilder, ModelError, Unreached, cache};

/// Describes a type that cannot be annotated. It is asked once.
pub type Described<M> = fn() -> Result<Arc<Model<M>>, ModelError>;

/// A field type that holds values of the described type `M`: one, an `Option`, `Vec`, `BTreeMap` or `HashMap`,
/// each perhaps in a `Box` or behind a lock. `Way` is how they stand in it, which the compiler finds out.
#[diagnostic::on_unimplemented(
    message = "the `model` of this field describes `{M}`, which `{Self}` does not hold",
    label = "this field has a `model`",
    note = "the field is a `T`, `Option<T>`, `Vec<T>`, `BTreeMap<K, T>` or `HashMap<K, T>`, where `T` is what the function describes, perhaps in a `Box`, an `Arc<Mutex<..>>` or an `Arc<RwLock<..>>`, and `K` is a `String` or an integer"
)]
pub trait DescribedSubTargets<M, Way>:
    Members<<Self as DescribedSubTargets<M, Way>>::Member>
{
    /// The type of each member: `M`, or what it stands in.
    type Member: Send + 'static;

    /// The model of the members.
    #[doc(hidden)]
    fn model(described: Described<M>) -> Result<Arc<Model<Self::Member>>, ModelError>;

    /// Calls `work` with what stands in a member, if it can be had.
    #[doc(hidden)]
    fn look(member: &Self::Member, work: &mut dyn FnMut(&M));
}

/// A type that is, or is the place of, a described `M`.
pub trait PlaceOf<M, Way>: Sized + Send + 'static {
    /// The model of the place.
    fn model(described: Described<M>) -> Result<Arc<Model<Self>>, ModelError>;

    /// Calls `work` with what stands in it, if that can be had.
    fn look(&self, work: &mut dyn FnMut(&M));
}

/// The type itself.
#[derive(Debug)]
pub enum Here {}

/// What stands in something, on this way.
#[derive(Debug)]
pub struct In<Way>(Way);

/// The field is the one member.
#[derive(Debug)]
pub struct One<Way>(Way);

/// The field holds any number of members.
#[derive(Debug)]
pub struct Several<Way>(Way);

impl<M: Send + 'static> PlaceOf<M, Here> for M {
    fn model(described: Described<M>) -> Result<Arc<Model<M>>, ModelError> {
        cache::described(described, described)
    }

    fn look(&self, work: &mut dyn FnMut(&M)) {
        work(self);
    }
}

/// The model of a place, as `describe` writes it.
fn place<M, P: Send + 'static>(
    described: Described<M>,
    describe: impl FnOnce(&mut ModelBuilder<P>),
) -> Result<Arc<Model<P>>, ModelError> {
    cache::described(described, || {
        let mut builder = ModelBuilder::new(std::any::type_name::<P>());
        describe(&mut builder);
        builder.build()
    })
}

impl<M: 'static, Way, P: PlaceOf<M, Way>> PlaceOf<M, In<Way>> for Box<P> {
    fn model(described: Described<M>) -> Result<Arc<Model<Self>>, ModelError> {
        place::<M, Self>(described, |model| {
            model.stands_in_as(P::model(described), |place| &**place, |place| &mut **place);
        })
    }

    fn look(&self, work: &mut dyn FnMut(&M)) {
        P::look(self, work);
    }
}

impl<M: 'static, Way, P: PlaceOf<M, Way>> PlaceOf<M, In<Way>> for Arc<Mutex<P>> {
    fn model(described: Described<M>) -> Result<Arc<Model<Self>>, ModelError> {
        place::<M, Self>(described, |model| {
            model.behind_as(P::model(described), |place, work| {
                let mut held = place.lock().map_err(|_| Unreached::poisoned())?;
                work(&mut held);
                Ok(())
            });
        })
    }

    fn look(&self, work: &mut dyn FnMut(&M)) {
        if let Ok(held) = self.lock() {
            held.look(work);
        }
    }
}

impl<M: 'static, Way, P: PlaceOf<M, Way> + Sync> PlaceOf<M, In<Way>> for Arc<RwLock<P>> {
    fn model(described: Described<M>) -> Result<Arc<Model<Self>>, ModelError> {
        place::<M, Self>(described, |model| {
            model.behind_as(P::model(described), |place, work| {
                let mut held = place.write().map_err(|_| Unreached::poisoned())?;
                work(&mut held);
                Ok(())
            });
        })
    }

    fn look(&self, work: &mut dyn FnMut(&M)) {
        if let Ok(held) = self.read() {
            held.look(work);
        }
    }
}

macro_rules! holders {
    ($($way:ident $holder:ty, [$($params:tt)*];)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<M, Way, P: PlaceOf<M, Way>, $($params)*> DescribedSubTargets<M, $way<Way>> for $holder {
            type Member = P;

            fn model(described: Described<M>) -> Result<Arc<Model<P>>, ModelError> {
                P::model(described)
            }

            fn look(member: &P, work: &mut dyn FnMut(&M)) {
                member.look(work);
            }
        }
    )*};
}

holders! {
    One P, [];
    Several Option<P>, [];
    Several Vec<P>, [];
    Several BTreeMap<K, P>, [K: MapKey];
    Several HashMap<K, P, S>, [K: MapKey + Hash, S: BuildHasher + 'static];
}
