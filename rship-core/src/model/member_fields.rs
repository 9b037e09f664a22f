//! Adds fields that hold sub-targets to a description.

use std::sync::{Arc, OnceLock};

use crate::descriptor::{Shape, SubTargetDescriptor};
use crate::model::described::{Described, DescribedSubTargets};
use crate::model::members::Members;
use crate::model::sub_target::{KeyFn, Place, SubTargetSpec, SubTargets};
use crate::model::typed::{Field, Model};
use crate::model::{AnyTarget, ModelBuilder, ModelError, Problem};

/// The model of the members of one field, and what tells those of an array apart: the field's own key, else
/// the member type's.
struct MemberModel<P> {
    model: Box<ModelFn<P>>,
    own_key: Option<Box<KeyFn<P>>>,
    key_of_type: OnceLock<Option<Arc<KeyFn<P>>>>,
}

type ModelFn<P> = dyn Fn() -> Result<Arc<Model<P>>, ModelError> + Send + Sync;

impl<P> MemberModel<P> {
    fn new(
        model: impl Fn() -> Result<Arc<Model<P>>, ModelError> + Send + Sync + 'static,
        own_key: Option<Box<KeyFn<P>>>,
    ) -> Self {
        Self {
            model: Box::new(model),
            own_key,
            key_of_type: OnceLock::new(),
        }
    }

    fn key(&self) -> Option<&KeyFn<P>> {
        // The member's model is asked for late, because a type may hold members of itself.
        self.own_key.as_deref().or_else(|| {
            self.key_of_type
                .get_or_init(|| (self.model)().ok().and_then(|model| model.key.clone()))
                .as_deref()
        })
    }
}

impl<T> ModelBuilder<T> {
    /// Adds a field that holds sub-targets.
    pub fn sub_targets<S: SubTargets>(
        &mut self,
        mut spec: SubTargetSpec<S::Member>,
        field: impl Fn(&T) -> &S + Send + Sync + 'static,
        field_mut: impl Fn(&mut T) -> &mut S + Send + Sync + 'static,
    ) -> &mut Self {
        let model = MemberModel::new(Model::of, spec.key.take());
        self.members(spec, model, field, field_mut)
    }

    /// Adds a field that holds sub-targets of a type that cannot be annotated, which `described` describes.
    pub fn sub_targets_with<S: DescribedSubTargets<M, Way>, M: 'static, Way>(
        &mut self,
        mut spec: SubTargetSpec<M>,
        described: Described<M>,
        field: impl Fn(&T) -> &S + Send + Sync + 'static,
        field_mut: impl Fn(&mut T) -> &mut S + Send + Sync + 'static,
    ) -> &mut Self {
        let key = spec.key.take().map(|key| {
            let key = move |member: &S::Member, text: &mut String| {
                S::look(member, &mut |member| key(member, text));
            };
            Box::new(key) as Box<KeyFn<S::Member>>
        });
        let model = MemberModel::new(move || S::model(described), key);
        self.members(spec, model, field, field_mut)
    }

    fn members<S: Members<P>, P: Send + 'static, M>(
        &mut self,
        spec: SubTargetSpec<M>,
        model: MemberModel<P>,
        field: impl Fn(&T) -> &S + Send + Sync + 'static,
        field_mut: impl Fn(&mut T) -> &mut S + Send + Sync + 'static,
    ) -> &mut Self {
        for id in spec.id.iter().chain([&spec.field]) {
            self.check_id(id);
        }
        if model.own_key.is_some() && S::SHAPE != Shape::List {
            self.problems.push(Problem::KeyWithoutList {
                field: spec.field.clone(),
            });
        }
        if spec.forget && S::SHAPE == Shape::One {
            let field = spec.field.clone();
            self.problems.push(Problem::NothingToForget(field));
        }
        self.descriptor.sub_targets.push(SubTargetDescriptor {
            field: spec.field,
            id: spec.id,
            name: spec.name,
            shape: S::SHAPE,
            forget: spec.forget,
        });
        let (field, model) = (Arc::new(field), Arc::new(model));
        let (each_field, position_field) = (field.clone(), field.clone());
        let (each_model, position_model) = (model.clone(), model.clone());
        let (find_model, find_mut_model) = (model.clone(), model.clone());
        self.fields.push(Field {
            each: Box::new(move |target, visit| {
                let mut text = String::new();
                let key_of = each_model.key();
                each_field(target).each(&mut |place, member| {
                    if S::SHAPE == Shape::List {
                        use std::fmt::Write as _;
                        text.clear();
                        match &key_of {
                            Some(key) => key(member, &mut text),
                            // Writing to a String cannot fail.
                            None => drop(write!(text, "{}", place.index)),
                        }
                        let key = text.as_str();
                        visit(Place { key, ..place }, member);
                    } else {
                        visit(place, member);
                    }
                });
            }),
            position: Box::new(move |target, place| {
                position_field(target).locate(place, position_model.key())
            }),
            find: Box::new(move |target, place| {
                let member = field(target).find(place, find_model.key())?;
                Some(member as &AnyTarget)
            }),
            find_mut: Box::new(move |target, place| {
                let member = field_mut(target).find_mut(place, find_mut_model.key())?;
                Some(member as &mut AnyTarget)
            }),
            model: Box::new(move || Ok((model.model)()?.erased())),
        });
        self
    }
}
