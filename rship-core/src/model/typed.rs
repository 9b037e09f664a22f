//! The model that comes out of a description: how values of a type are read, written and called.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::descriptor::TargetDescriptor;
use crate::emitter::PulseSink;
use crate::model::action::Handler;
use crate::model::live::Live;
use crate::model::sub_target::{KeyFn, Place};
use crate::model::{
    ActionError, AnyModel, AnyTarget, Args, BoxFuture, EmitterValue, Following, ModelError,
    Present, Reply, Running, Written,
};
use crate::payload::{Checker, PayloadError};

/// A type's descriptor together with the code that reads, writes and calls its values.
pub struct Model<T> {
    pub(super) descriptor: Arc<TargetDescriptor>,
    pub(super) readers: Vec<Reader<T>>,
    pub(super) fields: Vec<Field<T>>,
    pub(super) calls: Vec<Call<T>>,
    pub(super) live_actions: Vec<usize>,
    pub(super) key: Option<Arc<KeyFn<T>>>,
    pub(super) name: Option<Box<NameFn<T>>>,
    /// The model of what stands in a `T`, if `T` itself is nothing but its place.
    pub(super) held: Option<Arc<dyn AnyModel>>,
    /// The models of the variants of an enum.
    pub(super) variants: Vec<Arc<dyn AnyModel>>,
}

pub(super) enum Reader<T> {
    State(Box<AskFn<T>>),
    Followed(Box<AskFn<T>>, Box<FollowFn<T>>),
    Impulse(Box<AttachFn<T>>),
    /// The runtime knows the values.
    Progress,
}

/// Writes a target's own name.
pub(super) type NameFn<T> = dyn Fn(&T, &mut dyn fmt::Write) -> fmt::Result + Send + Sync;

pub(super) type AskFn<T> = dyn Fn(&T, Ask<'_>) -> Result<bool, serde_json::Error> + Send + Sync;
pub(super) type FollowFn<T> =
    dyn Fn(&T, Option<&(dyn Any + Send)>) -> Option<Following> + Send + Sync;
pub(super) type AttachFn<T> = dyn Fn(&T, &Arc<dyn PulseSink>) + Send + Sync;
/// What is asked of a state.
#[doc(hidden)]
pub enum Ask<'a> {
    /// To append its value as JSON, and whether there is a null in it.
    Write(&'a mut Vec<u8>),
    /// Whether all its numbers are finite.
    IsFinite,
}

impl Ask<'_> {
    /// Asks a value.
    pub fn of(self, value: &impl EmitterValue) -> Result<bool, serde_json::Error> {
        match self {
            Self::Write(json) => value.write(json),
            Self::IsFinite => Ok(value.is_finite()),
        }
    }
}

pub(super) struct Call<T> {
    pub(super) handler: Handler<T>,
    pub(super) checker: Checker,
    pub(super) setter: Option<Setter>,
    pub(super) live: Option<Live>,
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
    pub(super) model: Box<MemberModelFn>,
}

pub(super) type MemberModelFn = dyn Fn() -> Result<Arc<dyn AnyModel>, ModelError> + Send + Sync;
pub(super) type Visit<'v> = &'v mut dyn FnMut(Place<'_>, &AnyTarget);
pub(super) type EachFn<T> = dyn Fn(&T, Visit<'_>) + Send + Sync;
pub(super) type PositionFn<T> = dyn Fn(&T, Place<'_>) -> Option<usize> + Send + Sync;
pub(super) type FindFn<T> = dyn for<'a> Fn(&'a T, Place<'_>) -> Option<&'a AnyTarget> + Send + Sync;
pub(super) type FindMutFn<T> =
    dyn for<'a> Fn(&'a mut T, Place<'_>) -> Option<&'a mut AnyTarget> + Send + Sync;

impl<T> Model<T> {
    /// Everything static about the type.
    #[must_use]
    pub fn descriptor(&self) -> &Arc<TargetDescriptor> {
        &self.descriptor
    }
}

impl<T: Send + 'static> Model<T> {
    /// The model without its type.
    #[must_use]
    pub fn erased(self: Arc<Self>) -> Arc<dyn AnyModel> {
        match &self.held {
            Some(held) => Arc::clone(held),
            None => self,
        }
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
    ) -> Result<Option<Written>, serde_json::Error> {
        match (target.downcast_ref::<T>(), self.readers.get(emitter)) {
            (Some(target), Some(Reader::State(ask) | Reader::Followed(ask, _))) => {
                let has_null = ask(target, Ask::Write(json))?;
                Ok(Some(Written { has_null }))
            }
            _ => Ok(None),
        }
    }

    fn is_finite(&self, emitter: usize, target: &AnyTarget) -> bool {
        match (target.downcast_ref::<T>(), self.readers.get(emitter)) {
            // Whatever cannot be serialized was said where it was to be written.
            (Some(target), Some(Reader::State(ask) | Reader::Followed(ask, _))) => {
                ask(target, Ask::IsFinite).unwrap_or(true)
            }
            _ => true,
        }
    }

    fn attach(&self, emitter: usize, target: &AnyTarget, sink: &Arc<dyn PulseSink>) {
        if let (Some(target), Some(Reader::Impulse(attach))) =
            (target.downcast_ref::<T>(), self.readers.get(emitter))
        {
            attach(target, sink);
        }
    }

    fn follow(
        &self,
        emitter: usize,
        target: &AnyTarget,
        source: Option<&(dyn Any + Send)>,
    ) -> Option<Following> {
        match (target.downcast_ref::<T>(), self.readers.get(emitter)) {
            (Some(target), Some(Reader::Followed(_, follow))) => follow(target, source),
            _ => None,
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

    fn live_actions(&self) -> &[usize] {
        &self.live_actions
    }

    fn present(&self, action: usize, target: &AnyTarget, json: &mut Vec<u8>) -> Present {
        match self.calls.get(action).and_then(|call| call.live.as_ref()) {
            Some(live) => live.read(target, json),
            None => Present::Nothing,
        }
    }

    fn schema_with(&self, action: usize, present: &[u8]) -> Option<Value> {
        let live = self.calls.get(action)?.live.as_ref()?;
        Some(live.schema(present))
    }

    fn check_present(
        &self,
        action: usize,
        target: &AnyTarget,
        payload: &mut Value,
    ) -> Result<(), PayloadError> {
        let call = self.calls.get(action);
        let Some((call, live)) = call.and_then(|call| Some((call, call.live.as_ref()?))) else {
            return Ok(());
        };
        let nullable = call.setter.as_ref().is_some_and(|setter| setter.nullable);
        if nullable && payload.is_null() {
            return Ok(());
        }
        live.check(target, payload)
    }

    fn call<'a>(
        &'a self,
        action: usize,
        target: &'a mut AnyTarget,
        mut payload: Value,
    ) -> Running<'a> {
        if let Err(error) = self.check_present(action, target, &mut payload) {
            return Running::Done(Err(error.into()));
        }
        let mut args = Args::new(payload);
        match (target.downcast_mut::<T>(), self.calls.get(action)) {
            (Some(target), Some(call)) => match &call.handler {
                Handler::Sync(handler) => Running::Done(handler(target, &mut args)),
                Handler::Future(handler) => Running::Future(handler(target, args)),
                Handler::Either(handler) => handler(target, args),
                Handler::Detached(_) | Handler::Cancel => Running::Done(mismatched()),
            },
            _ => Running::Done(mismatched()),
        }
    }

    fn awaits(&self, action: usize) -> bool {
        let handler = self.calls.get(action).map(|call| &call.handler);
        matches!(handler, Some(Handler::Future(_) | Handler::Detached(_)))
    }

    fn varies(&self) -> bool {
        !self.variants.is_empty()
    }

    fn resolve(&self, target: &AnyTarget) -> Option<Arc<dyn AnyModel>> {
        let mut variants = self.variants.iter();
        let own = variants.find(|variant| variant.is_still(target))?;
        Some(Arc::clone(own).of_value(target))
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
