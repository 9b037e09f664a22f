//! Targets that stand in something else: in a box, in a variant of an enum, behind a lock of the user's.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::descriptor::TargetDescriptor;
use crate::emitter::PulseSink;
use crate::model::{
    ActionError, AnyModel, AnyTarget, BoxFuture, Following, ModelError, Place, Present, Reply,
    Running, Written,
};
use crate::payload::PayloadError;

/// Why a target cannot be reached where it stands now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreached(pub String);

impl Unreached {
    /// A lock that a panic has poisoned.
    #[must_use]
    pub fn poisoned() -> Self {
        Self("its lock is poisoned, because a thread panicked while it held it".to_owned())
    }
}

/// How what stands in a place is reached.
pub(super) enum Way {
    /// By reference; `None` when it does not stand there now.
    In(Box<GetFn>, Box<GetMutFn>),
    /// For as long as a lock is held.
    Behind(Box<OpenFn>),
}

type GetFn = dyn for<'a> Fn(&'a AnyTarget) -> Option<&'a AnyTarget> + Send + Sync;
type GetMutFn = dyn for<'a> Fn(&'a mut AnyTarget) -> Option<&'a mut AnyTarget> + Send + Sync;
type OpenFn =
    dyn Fn(&AnyTarget, &mut dyn FnMut(&mut AnyTarget)) -> Result<(), Unreached> + Send + Sync;

/// The model of a place as that of what stands in it. It takes both: the place, and what stands in it.
pub(super) struct Held {
    /// The place's type.
    pub(super) place: TypeId,
    pub(super) way: Arc<Way>,
    pub(super) inner: Arc<dyn AnyModel>,
    /// Whether another value of the place's type may have another model: this one is of a variant.
    pub(super) by_value: bool,
}

impl Held {
    fn is_place(&self, target: &AnyTarget) -> bool {
        target.type_id() == self.place
    }

    /// Looks at what stands in the target.
    fn look<R>(
        &self,
        target: &AnyTarget,
        work: impl FnOnce(&AnyTarget) -> R,
    ) -> Result<R, Unreached> {
        if !self.is_place(target) {
            return Ok(work(target));
        }
        match &*self.way {
            Way::In(get, _) => get(target).map(work).ok_or_else(|| self.elsewhere()),
            Way::Behind(open) => {
                let (mut work, mut result) = (Some(work), None);
                open(target, &mut |inner| {
                    result = work.take().map(|work| work(inner));
                })?;
                result.ok_or_else(|| self.elsewhere())
            }
        }
    }

    fn look_mut<R>(
        &self,
        target: &mut AnyTarget,
        work: impl FnOnce(&mut AnyTarget) -> R,
    ) -> Result<R, Unreached> {
        if !self.is_place(target) {
            return Ok(work(target));
        }
        match &*self.way {
            Way::In(_, get_mut) => get_mut(target).map(work).ok_or_else(|| self.elsewhere()),
            Way::Behind(open) => {
                let (mut work, mut result) = (Some(work), None);
                open(target, &mut |inner| {
                    result = work.take().map(|work| work(inner));
                })?;
                result.ok_or_else(|| self.elsewhere())
            }
        }
    }

    fn elsewhere(&self) -> Unreached {
        let was = self.descriptor().type_name;
        Unreached(format!("there is not a `{was}` in its place any more"))
    }
}

impl AnyModel for Held {
    fn descriptor(&self) -> &Arc<TargetDescriptor> {
        self.inner.descriptor()
    }

    fn target_type(&self) -> TypeId {
        self.inner.target_type()
    }

    fn place_type(&self) -> TypeId {
        self.place
    }

    fn live_name(&self, target: &AnyTarget, text: &mut dyn fmt::Write) -> bool {
        let has = self.look(target, |inner| self.inner.live_name(inner, text));
        has.unwrap_or(false)
    }

    fn read(
        &self,
        emitter: usize,
        target: &AnyTarget,
        json: &mut Vec<u8>,
    ) -> Result<Option<Written>, serde_json::Error> {
        let read = self.look(target, |inner| self.inner.read(emitter, inner, json));
        read.unwrap_or(Ok(None))
    }

    fn is_finite(&self, emitter: usize, target: &AnyTarget) -> bool {
        let is = self.look(target, |inner| self.inner.is_finite(emitter, inner));
        is.unwrap_or(true)
    }

    fn attach(&self, emitter: usize, target: &AnyTarget, sink: &Arc<dyn PulseSink>) {
        let _ = self.look(target, |inner| self.inner.attach(emitter, inner, sink));
    }

    fn follow(
        &self,
        emitter: usize,
        target: &AnyTarget,
        source: Option<&(dyn Any + Send)>,
    ) -> Option<Following> {
        let follow = self.look(target, |inner| self.inner.follow(emitter, inner, source));
        follow.ok().flatten()
    }

    fn each_member(
        &self,
        field: usize,
        target: &AnyTarget,
        visit: &mut dyn FnMut(Place<'_>, &AnyTarget),
    ) {
        let _ = self.look(target, |inner| self.inner.each_member(field, inner, visit));
    }

    fn position(&self, field: usize, place: Place<'_>, target: &AnyTarget) -> Option<usize> {
        let position = self.look(target, |inner| self.inner.position(field, place, inner));
        position.ok().flatten()
    }

    fn member<'a>(
        &self,
        field: usize,
        place: Place<'_>,
        target: &'a AnyTarget,
    ) -> Option<&'a AnyTarget> {
        self.inner.member(field, place, self.step_in(target)?)
    }

    fn member_mut<'a>(
        &self,
        field: usize,
        place: Place<'_>,
        target: &'a mut AnyTarget,
    ) -> Option<&'a mut AnyTarget> {
        self.inner
            .member_mut(field, place, self.step_in_mut(target)?)
    }

    fn with_member(
        &self,
        field: usize,
        place: Place<'_>,
        target: &mut AnyTarget,
        work: &mut dyn FnMut(&mut AnyTarget),
    ) -> Result<bool, Unreached> {
        self.look_mut(target, |inner| {
            self.inner.with_member(field, place, inner, work)
        })?
    }

    fn member_model(&self, field: usize) -> Result<Arc<dyn AnyModel>, ModelError> {
        self.inner.member_model(field)
    }

    fn prepare(&self, action: usize, payload: &mut Value) -> Result<Vec<String>, PayloadError> {
        self.inner.prepare(action, payload)
    }

    fn live_actions(&self) -> &[usize] {
        self.inner.live_actions()
    }

    fn present(&self, action: usize, target: &AnyTarget, json: &mut Vec<u8>) -> Present {
        let present = self.look(target, |inner| self.inner.present(action, inner, json));
        present.unwrap_or(Present::Nothing)
    }

    fn schema_with(&self, action: usize, present: &[u8]) -> Option<Value> {
        self.inner.schema_with(action, present)
    }

    fn check_present(
        &self,
        action: usize,
        target: &AnyTarget,
        payload: &mut Value,
    ) -> Result<(), PayloadError> {
        let check = self.look(target, |inner| {
            self.inner.check_present(action, inner, payload)
        });
        // Whoever cannot be reached is not called either.
        check.unwrap_or(Ok(()))
    }

    fn call<'a>(&'a self, action: usize, target: &'a mut AnyTarget, payload: Value) -> Running<'a> {
        if !self.is_place(target) {
            return self.inner.call(action, target, payload);
        }
        let unreached = |why: Unreached| {
            Running::Done(Err(ActionError::Failed(format!(
                "the target cannot be reached: {why}"
            ))))
        };
        if let Way::In(_, get_mut) = &*self.way {
            return match get_mut(target) {
                Some(inner) => self.inner.call(action, inner, payload),
                None => unreached(self.elsewhere()),
            };
        }
        let called = self.look_mut(target, |inner| {
            match self.inner.call(action, inner, payload) {
                Running::Done(reply) => reply,
                // Refused when the target was added.
                Running::Future(_) => Err(ActionError::Failed(
                    "an action that awaits cannot run behind a lock".to_owned(),
                )),
            }
        });
        called.map_or_else(unreached, Running::Done)
    }

    fn call_detached(
        &self,
        action: usize,
        handle: &(dyn Any + Send + Sync),
        payload: Value,
    ) -> BoxFuture<'static, Reply> {
        self.inner.call_detached(action, handle, payload)
    }

    fn awaits(&self, action: usize) -> bool {
        self.inner.awaits(action)
    }

    fn is_held(&self) -> bool {
        true
    }

    fn is_behind(&self) -> bool {
        matches!(*self.way, Way::Behind(_)) || self.inner.is_behind()
    }

    fn open(&self, target: &AnyTarget, work: &mut dyn FnMut(&AnyTarget)) -> Result<(), Unreached> {
        self.look(target, |inner| self.inner.open(inner, work))?
    }

    fn step_in<'a>(&self, target: &'a AnyTarget) -> Option<&'a AnyTarget> {
        if !self.is_place(target) {
            return self.inner.step_in(target);
        }
        match &*self.way {
            Way::In(get, _) => self.inner.step_in(get(target)?),
            Way::Behind(_) => None,
        }
    }

    fn step_in_mut<'a>(&self, target: &'a mut AnyTarget) -> Option<&'a mut AnyTarget> {
        if !self.is_place(target) {
            return self.inner.step_in_mut(target);
        }
        match &*self.way {
            Way::In(_, get_mut) => self.inner.step_in_mut(get_mut(target)?),
            Way::Behind(_) => None,
        }
    }

    fn varies(&self) -> bool {
        self.inner.varies()
    }

    fn by_value(&self) -> bool {
        self.by_value
    }

    fn resolve(&self, target: &AnyTarget) -> Option<Arc<dyn AnyModel>> {
        if !self.inner.varies() {
            return None;
        }
        let inner = self
            .look(target, |inner| self.inner.resolve(inner))
            .ok()??;
        Some(Arc::new(Self {
            place: self.place,
            way: Arc::clone(&self.way),
            inner,
            by_value: true,
        }))
    }

    fn is_still(&self, target: &AnyTarget) -> bool {
        if !self.by_value {
            return true;
        }
        match self.look(target, |inner| self.inner.is_still(inner)) {
            Ok(still) => still,
            // What is behind a poisoned lock is still there.
            Err(_) => matches!(*self.way, Way::Behind(_)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::Target;
    use crate::model::{EmitterSpec, Model, ModelBuilder, Problem};

    struct Keyed(u32);

    impl Target for Keyed {
        fn describe(model: &mut ModelBuilder<Self>) {
            model.key(|own: &Self| &own.0);
            model.state(EmitterSpec::new("number"), |own: &Self| &own.0);
        }
    }

    struct Bare;

    impl Target for Bare {
        fn describe(_: &mut ModelBuilder<Self>) {}
    }

    enum Either {
        Keyed(Box<Keyed>),
        Bare(Bare),
    }

    impl Target for Either {
        fn describe(model: &mut ModelBuilder<Self>) {
            model.variant::<Box<Keyed>>(
                |own| match own {
                    Self::Keyed(keyed) => Some(keyed),
                    Self::Bare(_) => None,
                },
                |own| match own {
                    Self::Keyed(keyed) => Some(keyed),
                    Self::Bare(_) => None,
                },
            );
            model.variant::<Bare>(
                |own| match own {
                    Self::Bare(bare) => Some(bare),
                    Self::Keyed(_) => None,
                },
                |own| match own {
                    Self::Bare(bare) => Some(bare),
                    Self::Keyed(_) => None,
                },
            );
        }
    }

    #[test]
    fn variants_of_which_only_some_have_a_key_are_a_problem() {
        drop([Either::Bare(Bare), Either::Keyed(Box::new(Keyed(1)))]);
        let error = Either::descriptor().unwrap_err();
        let bare = std::any::type_name::<Bare>();
        assert_eq!(error.problems, [Problem::NoKey(bare)]);
    }

    #[test]
    fn what_stands_in_something_is_read_through_all_of_it() {
        type Deep = Box<Arc<Mutex<Box<Keyed>>>>;
        let deep: Deep = Box::new(Arc::new(Mutex::new(Box::new(Keyed(7)))));
        let model = Model::<Deep>::of().unwrap().erased();
        assert_eq!(*model.descriptor(), Keyed::descriptor().unwrap());
        assert!(model.is_held() && model.is_behind());
        let read = |target: &AnyTarget| {
            let mut json = Vec::new();
            model.read(0, target, &mut json).unwrap();
            String::from_utf8(json).unwrap()
        };
        assert_eq!(read(&deep), "7");
        // And so is what was taken out of it.
        let mut opened = None;
        let mut work = |target: &AnyTarget| opened = Some(read(target));
        model.open(&deep, &mut work).unwrap();
        assert_eq!(opened.as_deref(), Some("7"));
        // Behind a lock there is nothing to refer to.
        assert!(model.step_in(&deep).is_none());
        let boxed: Box<Box<Keyed>> = Box::new(Box::new(Keyed(8)));
        let model = Model::<Box<Box<Keyed>>>::of().unwrap().erased();
        let inner = model
            .step_in(&boxed)
            .and_then(<AnyTarget>::downcast_ref::<Keyed>);
        assert_eq!(inner.map(|keyed| keyed.0), Some(8));
    }
}
