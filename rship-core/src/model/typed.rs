//! The model that comes out of a description: how values of a type are read, written and called.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use crate::descriptor::TargetDescriptor;
use crate::emitter::PulseSink;
use crate::model::action::Handler;
use crate::model::sub_target::{KeyFn, Place};
use crate::model::{ActionError, AnyModel, AnyTarget, Args, BoxFuture, ModelError, Reply, Running};
use crate::payload::{Checker, PayloadError};

/// A type's descriptor together with the code that reads, writes and calls its values.
pub struct Model<T> {
    pub(super) descriptor: Arc<TargetDescriptor>,
    pub(super) readers: Vec<Reader<T>>,
    pub(super) fields: Vec<Field<T>>,
    pub(super) calls: Vec<Call<T>>,
    pub(super) key: Option<Arc<KeyFn<T>>>,
    pub(super) name: Option<Box<NameFn<T>>>,
}

pub(super) enum Reader<T> {
    State(Box<ReadFn<T>>),
    Impulse(Box<AttachFn<T>>),
    /// The runtime knows the values.
    Progress,
}

/// Writes a target's own name.
pub(super) type NameFn<T> = dyn Fn(&T, &mut dyn fmt::Write) -> fmt::Result + Send + Sync;

pub(super) type ReadFn<T> = dyn Fn(&T, &mut Vec<u8>) -> Result<(), serde_json::Error> + Send + Sync;
pub(super) type AttachFn<T> = dyn Fn(&T, &Arc<dyn PulseSink>) + Send + Sync;

pub(super) struct Call<T> {
    pub(super) handler: Handler<T>,
    pub(super) checker: Checker,
    pub(super) setter: Option<Setter>,
}

/// A setter takes the value itself, or an object with the value under one of these names.
pub(super) struct Setter {
    pub(super) names: [String; 2],
    pub(super) nullable: bool,
}

pub(super) struct Field<T> {
    pub(super) each: Box<EachFn<T>>,
    pub(super) position: Box<PositionFn<T>>,
    pub(super) find: Box<FindFn<T>>,
    pub(super) find_mut: Box<FindMutFn<T>>,
    pub(super) model: fn() -> Result<Arc<dyn AnyModel>, ModelError>,
}

pub(super) type Visit<'v> = &'v mut dyn FnMut(Place<'_>, &AnyTarget);
pub(super) type EachFn<T> = dyn Fn(&T, Visit<'_>) + Send + Sync;
pub(super) type PositionFn<T> = dyn Fn(&T, Place<'_>) -> Option<usize> + Send + Sync;
pub(super) type FindFn<T> = dyn for<'a> Fn(&'a T, Place<'_>) -> Option<&'a AnyTarget> + Send + Sync;
pub(super) type FindMutFn<T> =
    dyn for<'a> Fn(&'a mut T, Place<'_>) -> Option<&'a mut AnyTarget> + Send + Sync;

/// What tells the members of one array apart: the field's own key, else the member type's.
pub(super) struct MemberKey<M> {
    own: Option<Box<KeyFn<M>>>,
    of_type: OnceLock<Option<Arc<KeyFn<M>>>>,
}

impl<M: crate::Target> MemberKey<M> {
    pub(super) fn new(own: Option<Box<KeyFn<M>>>) -> Self {
        Self {
            own,
            of_type: OnceLock::new(),
        }
    }

    pub(super) fn get(&self) -> Option<&KeyFn<M>> {
        // The member's model is asked for late, because a type may hold members of itself.
        self.own.as_deref().or_else(|| {
            self.of_type
                .get_or_init(|| Model::<M>::of().ok().and_then(|model| model.key.clone()))
                .as_deref()
        })
    }
}

impl<T> Model<T> {
    /// Everything static about the type.
    #[must_use]
    pub fn descriptor(&self) -> &Arc<TargetDescriptor> {
        &self.descriptor
    }
}

impl<T: Send + 'static> AnyModel for Model<T> {
    fn descriptor(&self) -> &Arc<TargetDescriptor> {
        &self.descriptor
    }

    fn target_type(&self) -> TypeId {
        TypeId::of::<T>()
    }

    fn live_name(&self, target: &AnyTarget, text: &mut dyn fmt::Write) -> bool {
        match (target.downcast_ref::<T>(), &self.name) {
            (Some(target), Some(name)) => {
                // Fails only when the name's own Display does; the name is then cut there.
                let _ = name(target, text);
                true
            }
            _ => false,
        }
    }

    fn read(
        &self,
        emitter: usize,
        target: &AnyTarget,
        json: &mut Vec<u8>,
    ) -> Result<bool, serde_json::Error> {
        match (target.downcast_ref::<T>(), self.readers.get(emitter)) {
            (Some(target), Some(Reader::State(read))) => read(target, json).map(|()| true),
            _ => Ok(false),
        }
    }

    fn attach(&self, emitter: usize, target: &AnyTarget, sink: &Arc<dyn PulseSink>) {
        if let (Some(target), Some(Reader::Impulse(attach))) =
            (target.downcast_ref::<T>(), self.readers.get(emitter))
        {
            attach(target, sink);
        }
    }

    fn each_member(&self, field: usize, target: &AnyTarget, visit: Visit<'_>) {
        if let (Some(target), Some(field)) = (target.downcast_ref::<T>(), self.fields.get(field)) {
            (field.each)(target, visit);
        }
    }

    fn position(&self, field: usize, place: Place<'_>, target: &AnyTarget) -> Option<usize> {
        (self.fields.get(field)?.position)(target.downcast_ref()?, place)
    }

    fn member<'a>(
        &self,
        field: usize,
        place: Place<'_>,
        target: &'a AnyTarget,
    ) -> Option<&'a AnyTarget> {
        (self.fields.get(field)?.find)(target.downcast_ref()?, place)
    }

    fn member_mut<'a>(
        &self,
        field: usize,
        place: Place<'_>,
        target: &'a mut AnyTarget,
    ) -> Option<&'a mut AnyTarget> {
        (self.fields.get(field)?.find_mut)(target.downcast_mut()?, place)
    }

    fn member_model(&self, field: usize) -> Result<Arc<dyn AnyModel>, ModelError> {
        match self.fields.get(field) {
            Some(field) => (field.model)(),
            None => Err(ModelError {
                type_name: self.descriptor.type_name,
                problems: Vec::new(),
            }),
        }
    }

    fn prepare(&self, action: usize, payload: &mut Value) -> Result<Vec<String>, PayloadError> {
        let Some(call) = self.calls.get(action) else {
            return Ok(Vec::new());
        };
        match &call.setter {
            Some(setter) => setter.prepare(&call.checker, payload),
            None => call.checker.check(payload),
        }
    }

    fn call<'a>(&'a self, action: usize, target: &'a mut AnyTarget, payload: Value) -> Running<'a> {
        let mut args = Args::new(payload);
        match (target.downcast_mut::<T>(), self.calls.get(action)) {
            (Some(target), Some(call)) => match &call.handler {
                Handler::Sync(handler) => Running::Done(handler(target, &mut args)),
                Handler::Future(handler) => Running::Future(handler(target, args)),
                Handler::Detached(_) | Handler::Cancel => Running::Done(mismatched()),
            },
            _ => Running::Done(mismatched()),
        }
    }

    fn call_detached(
        &self,
        action: usize,
        handle: &(dyn Any + Send + Sync),
        payload: Value,
    ) -> BoxFuture<'static, Reply> {
        match self.calls.get(action).map(|call| &call.handler) {
            Some(Handler::Detached(handler)) => handler(handle, Args::new(payload)),
            _ => Box::pin(std::future::ready(mismatched())),
        }
    }
}

fn mismatched() -> Reply {
    Err(ActionError::Failed(
        "the action does not belong to this target's type".to_owned(),
    ))
}

impl Setter {
    fn prepare(&self, checker: &Checker, payload: &mut Value) -> Result<Vec<String>, PayloadError> {
        if self.nullable && payload.is_null() {
            return Ok(Vec::new());
        }
        let Some(name) = self.wrapped(payload) else {
            return checker.check(payload);
        };
        // A value that is itself an object with such a field is taken as the value first.
        if checker.takes_objects() {
            let mut own = payload.clone();
            if let Ok(unknown) = checker.check(&mut own)
                && unknown.is_empty()
            {
                *payload = own;
                return Ok(unknown);
            }
        }
        *payload = payload.get_mut(name).map(Value::take).unwrap_or_default();
        if self.nullable && payload.is_null() {
            return Ok(Vec::new());
        }
        checker
            .check(payload)
            .map_err(|error| error.under(&self.names[0]))
    }

    /// The name under which the value is, if that is all there is.
    fn wrapped(&self, payload: &Value) -> Option<&str> {
        let object = payload.as_object()?;
        let name = object.keys().next().filter(|_| object.len() == 1)?;
        self.names
            .iter()
            .find(|known| *known == name)
            .map(|known| &**known)
    }
}
